import type { Fault } from "../../../src/base/fault.ts";
import type { Wire, WireConnection, WireOptions } from "../../../src/bus/wire.ts";
import { CONNACK, type ScriptedBroker } from "./scripted-broker.ts";

/** A connection and everything that it told, in order, as text. */
export interface Attempt {
  readonly connection: WireConnection;
  readonly told: string[];
  /** Resolves with the fault of `closed`. */
  readonly closed: Promise<Fault>;
  /** Resolves once `told` holds so many entries. */
  tells(count: number): Promise<readonly string[]>;
}

/** Begins one attempt to connect to 127.0.0.1. */
export function attempt(wire: Wire, port: number, options: Partial<WireOptions> = {}): Attempt {
  const told: string[] = [];
  const closed = Promise.withResolvers<Fault>();
  let look = () => {};
  const tell = (text: string) => {
    told.push(text);
    look();
  };
  const connection = wire.connect(
    { endpoint: { host: "127.0.0.1", port }, clientId: "wire", clean: true, keepAlive: 60, ...options },
    {
      connected: (sessionPresent) => tell(`connected ${sessionPresent}`),
      subscribed: (packetId, codes) => tell(`subscribed ${packetId} ${codes}`),
      received: ({ topic, payload, qos, retain, dup }, packetId) =>
        tell(`received ${topic} ${Buffer.from(payload)} ${qos} ${retain} ${dup} ${packetId}`),
      acknowledged: (packetId) => tell(`acknowledged ${packetId}`),
      drained: () => tell("drained"),
      closed: (reason) => {
        tell(`closed ${reason.code}`);
        closed.resolve(reason);
      },
    },
  );
  const tells = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      look = () => {
        if (told.length >= count) resolve(told);
      };
      look();
    });
  return { connection, told, closed: closed.promise, tells };
}

/** A connection that the broker has accepted. */
export async function accepted(wire: Wire, broker: ScriptedBroker, options?: Partial<WireOptions>): Promise<Attempt> {
  const made = attempt(wire, broker.port, options);
  await broker.receive();
  broker.send(...CONNACK);
  await made.tells(1);
  return made;
}
