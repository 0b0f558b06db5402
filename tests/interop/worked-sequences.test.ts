import { expect, test } from "bun:test";
import { join } from "node:path";
import { startAgentAtWork } from "../system/world/agent-at-work.ts";
import { PYTHON } from "../system/world/paho.ts";
import { runToEnd } from "../system/world/program.ts";
import { startTebus } from "../system/world/run-tebus.ts";

/** The worked sequences of spec/mqtt-api §18, played by a client with paho-mqtt and curl. */
const PROGRAM = join(import.meta.dir, "worked_sequences.py");

interface At {
  readonly broker: { readonly port: number };
  readonly device: { readonly httpPort: number };
}

async function play(sequence: string, { broker, device }: At): Promise<void> {
  const words = [PYTHON, PROGRAM, sequence, String(broker.port), String(device.httpPort)];
  const { code, stderr } = await runToEnd(words);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

test.each([
  ["A", "a child's agent starts of which nothing is known yet", []],
  ["B", "a child's agent starts while automatic registration is off", ["agent.entity_store.auto_register = false"]],
  ["C", "a registration is updated", []],
  ["D", "a child with a service and a nested child is removed", []],
  ["F", "a local client commands a child", []],
] as const)("sequence %s: %s", async (sequence, _name, config) => {
  await using at = await startAgentAtWork({ config: [...config] });
  await play(sequence, at);
});

test("sequence E: the main agent starts again and knows everything", async () => {
  await using at = await startAgentAtWork();
  await play("E1", at);
  expect(await at.agent.stop()).toBe(0);
  await using again = await startTebus(["run", "tedge-agent"], at.device);
  await again.waitForLog("Ready as device/main//");
  await play("E2", at);
});
