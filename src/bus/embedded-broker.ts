import type { EventEmitter } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { FaultError, fault, toFault } from "../base/fault.ts";
import { createLog, type Log } from "../base/log.ts";
import { EmbeddedPersistence } from "./embedded-persistence.ts";

export interface EmbeddedBrokerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly log?: Log;
}

export interface EmbeddedBroker {
  readonly host: string;
  /** Where it listens in fact. */
  readonly port: number;
  /** Ends all connections; may be called twice. */
  stop(): Promise<void>;
}

/**
 * An MQTT 3.1.1 broker inside this process, for a first try without installing one. Anyone may connect; sessions and retained messages
 * are kept in memory, without a bound, and are gone with the process. Rejects with a FaultError of code `cannot-listen`.
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { host, log = createLog("embedded-broker") } = options;
  const broker = await Aedes.createBroker({ persistence: new EmbeddedPersistence() });
  const tell = (client: { readonly id: string } | null, thrown: Error) =>
    log.debug(`Client ${client?.id ?? "unknown"}: ${thrown.message}`);
  broker.on("clientError", tell);
  broker.on("connectionError", tell);
  const emitter: EventEmitter = broker;
  emitter.on("error", (thrown: Error) => log.warn("The embedded broker goes on after an error", toFault(thrown)));

  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  const stop = async () => {
    await new Promise<void>((resolve) => broker.close(resolve));
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  try {
    const { port } = await listen(server, options);
    return { host, port, stop };
  } catch (thrown) {
    await stop();
    throw new FaultError(fault("cannot-listen", `Cannot listen on ${host}:${options.port}`, { cause: thrown }));
  }
}

function listen(server: Server, { host, port }: EmbeddedBrokerOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("No port was given"));
      else resolve(address);
    });
  });
}
