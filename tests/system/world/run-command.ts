import type { AgentAtWork } from "./agent-at-work.ts";
import { connectProbe } from "./bus-probe.ts";

/** Requests a command of the main device and gives its last state; `timeout` in milliseconds. */
export async function runCommand(
  { broker }: Pick<AgentAtWork, "broker">,
  operation: string,
  payload: Readonly<Record<string, unknown>>,
  timeout = 10_000,
): Promise<Readonly<Record<string, unknown>>> {
  const topic = `te/device/main///cmd/${operation}/${crypto.randomUUID()}`;
  await using probe = await connectProbe(broker.port, [topic]);
  await probe.publish(topic, JSON.stringify({ status: "init", ...payload }), { retain: true });
  const isLast = (message: { readonly payload: string }) => /"status":"(successful|failed)"/.test(message.payload);
  return JSON.parse((await probe.waitFor(`${operation} ends`, isLast, timeout)).payload);
}
