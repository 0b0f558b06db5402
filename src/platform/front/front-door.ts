import type { Clock } from "../../base/clock.ts";
import type { ConnectionLimits } from "../http-listener.ts";
import { connectionCensus } from "./connection-census.ts";
import { plainClient } from "./plain-client.ts";
import { queueBudget } from "./queue-budget.ts";
import { NO_EVENTS, RAW_EVENTS, type RawSocket, type SocketEvents } from "./raw-socket.ts";
import { createRelay, type Relay } from "./relay.ts";

export interface FrontDoorOptions {
  readonly hostname: string;
  readonly port: number;
  readonly limits: ConnectionLimits;
  /** Port of 127.0.0.1 at which the server of the moment listens. */
  readonly backend: () => number;
  /** What that server speaks. */
  readonly speaks: "tls" | "plain";
  /** Milliseconds after which a relay is cut of which a side takes no byte. */
  readonly idleTimeout: number;
  readonly clock: Clock;
}

/** The listener in front of a server: counts connections, looks at the first byte, and relays what the server can answer. */
export interface FrontDoor {
  readonly port: number;
  /** Address of the client whose relay comes to the server from this port of 127.0.0.1. */
  clientAt(port: number): string | undefined;
  /** Takes no more connections; resolves once all are gone. */
  close(): Promise<void>;
  /** Cuts all connections. */
  cut(): void;
}

/** First byte of a TLS record that has a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16;
/** Milliseconds for the first byte; for all else the server has its own. */
const FIRST_BYTE_TIMEOUT = 10_000;
/** Bytes that all relays together may hold. */
const MOST_HELD = 64 * 1024 * 1024;

/**
 * Bun's server can neither answer plain HTTP on a TLS port nor change its certificate, and shows no connection before a request. So it
 * stands on a port of loopback behind this listener, which moves bytes only: TLS is between client and server. Throws as `Bun.listen`.
 */
export function openFrontDoor(options: FrontDoorOptions): FrontDoor {
  const { limits, backend, clock, speaks } = options;
  const census = connectionCensus(limits);
  const clients = new Map<RawSocket, string>();
  const clientPorts = new Map<number, string>();
  const budget = queueBudget(MOST_HELD);
  const empty = Promise.withResolvers<void>();
  let isClosed = false;

  const passOn = (socket: RawSocket, first: Uint8Array, address: string) => {
    const relay = createRelay(socket, { clock, budget, patience: options.idleTimeout });
    relay.client.received(first);
    connectRelay(relay, backend(), address, clientPorts);
  };
  const listener = Bun.listen<SocketEvents>({
    hostname: options.hostname,
    port: options.port,
    allowHalfOpen: true,
    data: NO_EVENTS,
    socket: {
      ...RAW_EVENTS,
      open(socket) {
        const address = socket.remoteAddress;
        if (isClosed || !census.admit(address)) {
          socket.terminate();
          return;
        }
        clients.set(socket, address);
        socket.data = firstByte(socket, clock, (first) => {
          if (speaks === "plain" || first[0] === HANDSHAKE) return passOn(socket, first, address);
          socket.data = plainClient(socket, clock);
          socket.data.received(first);
        });
      },
      close(socket) {
        socket.data.closed();
        const address = clients.get(socket);
        if (address === undefined) return;
        clients.delete(socket);
        census.release(address);
        if (isClosed && clients.size === 0) empty.resolve();
      },
    },
  });
  return {
    port: listener.port,
    clientAt: (port) => clientPorts.get(port),
    close() {
      isClosed = true;
      listener.stop();
      if (clients.size === 0) empty.resolve();
      return empty.promise;
    },
    cut() {
      for (const socket of [...clients.keys()]) socket.terminate();
    },
  };
}

/** Waits for the first byte of a connection. */
function firstByte(socket: RawSocket, clock: Clock, come: (first: Uint8Array) => void): SocketEvents {
  const cancel = clock.after(FIRST_BYTE_TIMEOUT, () => socket.terminate());
  return {
    received(chunk) {
      cancel();
      come(chunk);
    },
    drained: () => undefined,
    ended: () => socket.end(),
    closed: cancel,
  };
}

function connectRelay(relay: Relay, port: number, address: string, clientPorts: Map<number, string>): void {
  let own = 0;
  const connecting = Bun.connect<SocketEvents>({
    hostname: "127.0.0.1",
    port,
    allowHalfOpen: true,
    data: relay.server,
    socket: {
      ...RAW_EVENTS,
      open(socket) {
        own = socket.localPort;
        clientPorts.set(own, address);
        relay.server.attach(socket);
      },
      close(socket) {
        clientPorts.delete(own);
        socket.data.closed();
      },
      connectError: () => relay.client.cut(),
    },
  });
  connecting.catch(() => relay.client.cut());
}
