import { join } from "node:path";
import type { BrokerAccess } from "./mosquitto-clients.ts";
import { PYTHON } from "./paho.ts";
import { runToEnd } from "./program.ts";

/** A message of any bytes. */
export interface RawMessage {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly retain?: boolean;
}

/** Publishes by paho-mqtt at QoS 1, one after the other; resolves once the broker acknowledged all of them. */
export async function publishBatch(broker: BrokerAccess, messages: readonly RawMessage[]): Promise<void> {
  const lines = messages.map(
    ({ topic, payload, retain }) => `${base64(topic)} ${retain === true ? 1 : 0} ${base64(payload)}\n`,
  );
  const script = join(import.meta.dir, "paho_batch.py");
  const ended = await runToEnd([PYTHON, script, String(broker.port)], { stdin: lines.join("") });
  if (ended.code !== 0 || ended.stderr !== "") throw new Error(`paho: exit ${ended.code}\n${ended.stderr}`);
}

function base64(content: string | Uint8Array): string {
  return Buffer.from(content).toString("base64");
}
