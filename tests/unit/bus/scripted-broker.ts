import { type AddressInfo, createServer, type Socket } from "node:net";

/** One control packet as it came over the wire: the high four bits of its first byte, the low four, and the rest. */
export interface RawPacket {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** A TCP server on 127.0.0.1 that does nothing but what the test says, for one client. */
export interface ScriptedBroker extends AsyncDisposable {
  readonly port: number;
  /** The next packet of the client; rejects when the client closed the connection. */
  receive(): Promise<RawPacket>;
  /** Writes bytes to the client. */
  send(...bytes: (number | Uint8Array)[]): void;
  /** All packets so far that `receive` has not given yet. */
  readonly unread: readonly RawPacket[];
  readonly socket: Socket;
}

export const CONNACK = [0x20, 2, 0, 0];

/** A PUBLISH of a QoS>0 on topic `t`. */
export function publishOf(packetId: number, qos: 1 | 2, payload = "x"): Uint8Array {
  const content = Buffer.from(payload);
  return Uint8Array.from([
    0x30 | (qos << 1),
    5 + content.length,
    0,
    1,
    0x74,
    packetId >> 8,
    packetId & 0xff,
    ...content,
  ]);
}

export async function scriptedBroker(): Promise<ScriptedBroker> {
  const packets: RawPacket[] = [];
  let waiting: ((packet: RawPacket) => void) | undefined;
  let failed: (() => void) | undefined;
  let client: Socket | undefined;
  let pending: Buffer = Buffer.alloc(0);

  const server = createServer((socket) => {
    client = socket;
    socket.on("error", () => undefined);
    socket.on("close", () => failed?.());
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let packet = shift(); packet !== undefined; packet = shift()) {
        if (waiting === undefined) packets.push(packet);
        else waiting(packet);
      }
    });
  });

  const shift = (): RawPacket | undefined => {
    let length = 0;
    for (let at = 1; at < 5 && at < pending.length; at += 1) {
      const byte = pending[at] ?? 0;
      length += (byte & 127) * 128 ** (at - 1);
      if (byte >= 128) continue;
      if (pending.length < at + 1 + length) return undefined;
      const first = pending[0] ?? 0;
      const body = pending.subarray(at + 1, at + 1 + length);
      pending = pending.subarray(at + 1 + length);
      return { type: first >> 4, flags: first & 15, body };
    }
    return undefined;
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    unread: packets,
    get socket() {
      if (client === undefined) throw new Error("No client is connected");
      return client;
    },
    receive() {
      const packet = packets.shift();
      if (packet !== undefined) return Promise.resolve(packet);
      return new Promise((resolve, reject) => {
        failed = () => reject(new Error("The client closed the connection"));
        waiting = (next) => {
          waiting = undefined;
          resolve(next);
        };
      });
    },
    send(...bytes) {
      client?.write(Buffer.concat(bytes.map((part) => (typeof part === "number" ? Buffer.of(part) : part))));
    },
    async [Symbol.asyncDispose]() {
      client?.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
