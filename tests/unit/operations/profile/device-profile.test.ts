import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { entityIdOf } from "../../../../src/bus/entity-id.ts";
import type { Message } from "../../../../src/bus/message.ts";
import type { PublishOutcome } from "../../../../src/bus/participant.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { DEVICE_PROFILE_DEFINITION } from "../../../../src/operations/profile/device-profile-definition.ts";
import { deviceProfileSteps } from "../../../../src/operations/profile/twin-update.ts";
import { Device } from "../a-device.ts";

const NOTE = (exit: number) => `operation = "note"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = """sh -c 'exit ${exit}'"""
on_success = "successful"
`;

const NAME = 'quoted "name", \\ and ü';

function sent(messages: Message[], outcome: PublishOutcome | "never") {
  return async (message: Message): Promise<PublishOutcome> => {
    messages.push(message);
    return outcome === "never" ? new Promise(() => undefined) : outcome;
  };
}

describe("a device profile", () => {
  let device: Device;

  beforeEach(async () => {
    device = new Device();
    device.workflowSteps = new Map([
      ["device_profile", deviceProfileSteps(topicSchema("te"), (message) => device.publish(message))],
    ]);
    await device.define("device_profile", DEVICE_PROFILE_DEFINITION);
  });

  afterEach(() => device.dispose());

  const operations = [
    { operation: "note", "@skip": true, payload: { text: "never" } },
    { operation: "note", "@skip": false, payload: { text: "first" } },
    { operation: "note", payload: { text: "second" } },
  ];

  test("executes its operations one after the other, then tells its name and version as a twin value", async () => {
    await device.define("note", NOTE(0));
    await device.start();
    device.request("device_profile", "1", { name: NAME, version: "v2", operations });
    expect(await device.untilFinal("device_profile", "1")).toMatchObject({ status: "successful" });
    expect(device.statuses("device_profile", "1")).toEqual([
      "init",
      "scheduled",
      "executing",
      "next_operation",
      "apply_operation",
      "awaiting_operation",
      "next_operation",
      "apply_operation",
      "awaiting_operation",
      "next_operation",
      "twin_update",
      "successful",
    ]);
    expect(JSON.parse(device.retained.get("te/device/main///twin/device_profile") ?? "")).toEqual({
      name: NAME,
      version: "v2",
    });
    const texts = device.messages
      .filter(({ topic, text }) => topic.endsWith("/cmd/note/sub:device_profile:1") && text !== "")
      .map(({ text }) => JSON.parse(text).text);
    expect([...new Set(texts)]).toEqual(["first", "second"]);
  });

  test("whose operation fails is rolled back and tells nothing", async () => {
    await device.define("note", NOTE(1));
    await device.start();
    device.request("device_profile", "1", { name: "p", operations });
    const end = await device.untilFinal("device_profile", "1");
    expect(end).toMatchObject({ status: "failed", reason: "Device profile application failed" });
    expect(device.statuses("device_profile", "1").slice(-2)).toEqual(["rollback", "failed"]);
    expect(device.retained.has("te/device/main///twin/device_profile")).toBe(false);
  });

  test.each([
    ["no operations at all", {}],
    ["operations that are no list", { operations: { operation: "note" } }],
    ["an operation that nobody knows", { operations: [{ operation: "unheard-of", payload: {} }] }],
    ["an operation without a name", { operations: [{ payload: {} }] }],
  ])("with %s fails", async (_what, request) => {
    await device.start();
    device.request("device_profile", "1", { name: "p", ...request });
    expect(await device.untilFinal("device_profile", "1")).toMatchObject({ status: "failed" });
  });

  test("exists only where its definition is installed", async () => {
    await device.undefine("device_profile");
    await device.start();
    device.request("device_profile", "1", { name: "p", operations: [] });
    await device.received();
    expect(device.statuses("device_profile", "1")).toEqual(["init"]);
    expect(device.retained.has("te/device/main///cmd/device_profile")).toBe(false);
  });
});

describe("the twin update", () => {
  const child = entityIdOf(["device", "child01", "", ""]);

  async function update(payload: Record<string, string | number>, outcome: PublishOutcome | "never" = "delivered") {
    const messages: Message[] = [];
    const step = deviceProfileSteps(topicSchema("site"), sent(messages, outcome)).get("twin_update");
    const address = { topic: "", root: "site", device: child, operation: "device_profile", id: "1" };
    const abort = new AbortController();
    const running = step?.({
      command: { address, payload: { status: "twin_update", ...payload } },
      signal: abort.signal,
      log: () => undefined,
    });
    if (outcome === "never") abort.abort();
    return { result: await running, messages };
  }

  test("goes to the device's own topic below the root that is configured; a version that is not given is empty", async () => {
    const { result, messages } = await update({ name: "p" });
    expect(result).toMatchObject({ ok: true });
    expect(messages.map(({ topic, retain, qos }) => ({ topic, retain, qos }))).toEqual([
      { topic: "site/device/child01///twin/device_profile", retain: true, qos: 1 },
    ]);
    expect(new TextDecoder().decode(messages[0]?.payload)).toBe('{"name":"p","version":""}');
  });

  test("refuses a version that is no text, and publishes nothing", async () => {
    const { result, messages } = await update({ name: "p", version: 2 });
    expect(result).toMatchObject({ fault: { message: "Invalid version of the profile: expected a text" } });
    expect(messages).toEqual([]);
  });

  test("fails when the broker does not take it, and does not wait for a broker once the command is cleared", async () => {
    expect((await update({ name: "p" }, "refused")).result).toMatchObject({ ok: false });
    expect((await update({ name: "p" }, "never")).result).toMatchObject({ ok: false });
  });
});
