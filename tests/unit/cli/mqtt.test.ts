import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { systemClock } from "../../../src/base/clock.ts";
import { parseDuration } from "../../../src/base/duration.ts";
import { faultChain } from "../../../src/base/fault.ts";
import { createLog } from "../../../src/base/log.ts";
import { ok } from "../../../src/base/result.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../../src/bus/embedded-broker.ts";
import { type MqttPubArgs, mqttPub } from "../../../src/cli/mqtt-pub.ts";
import { formatMessage, type MqttSubArgs, mqttSub } from "../../../src/cli/mqtt-sub.ts";
import type { CliContext, CommandOutcome } from "../../../src/cli/outcome.ts";

let broker: EmbeddedBroker;

beforeEach(async () => {
  broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0 });
});

afterEach(async () => {
  await broker.stop();
});

const duration = (text: string) => {
  const parsed = parseDuration(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.value;
};

function context(printed: string[] = [], signal = new AbortController().signal): CliContext {
  return {
    configDirectory: "/nowhere",
    environment: {},
    stdout: (text) => void printed.push(text),
    stderr: () => undefined,
    log: createLog("test"),
    clock: systemClock,
    random: Math.random,
    signal,
  };
}

const endpoint = async () => ok({ host: "127.0.0.1", port: broker.port });

const pubDefaults: Omit<MqttPubArgs, "topic" | "message"> = {
  qos: 1,
  retain: false,
  base64: false,
  repeat: 1,
  sleep: duration("1ms"),
  connectionTimeout: duration("10s"),
};

const subDefaults: Omit<MqttSubArgs, "filter"> = {
  qos: 0,
  noTopic: false,
  base64: false,
  retainedOnly: false,
  connectionTimeout: duration("10s"),
};

function publish(args: Partial<MqttPubArgs> & { topic: string; message: string }): Promise<CommandOutcome> {
  return mqttPub(context(), endpoint, { ...pubDefaults, ...args });
}

async function subscribe(args: Partial<MqttSubArgs> & { filter: string }) {
  const printed: string[] = [];
  const outcome = await mqttSub(context(printed), endpoint, { ...subDefaults, ...args });
  return { outcome, printed: printed.join("") };
}

const why = (outcome: CommandOutcome) => (outcome.kind === "failed" ? faultChain(outcome.fault) : outcome.kind);

describe("publishing", () => {
  test.each([0, 1, 2] as const)("a message with QoS %d is with the broker once it is done", async (qos) => {
    expect(await publish({ topic: "a/b", message: "hello", qos, retain: true })).toEqual({ kind: "done" });
    const { printed } = await subscribe({ filter: "a/b", count: 1 });
    expect(printed).toBe("[a/b] hello\n");
  });

  test("an empty retained message clears what is retained", async () => {
    await publish({ topic: "a", message: "1", retain: true });
    await publish({ topic: "b", message: "2", retain: true });
    await publish({ topic: "a", message: "", retain: true });
    const { printed } = await subscribe({ filter: "#", count: 1 });
    expect(printed).toBe("[b] 2\n");
  });

  test("base64 text is decoded", async () => {
    await publish({ topic: "a", message: "/wD/", base64: true, retain: true });
    expect((await subscribe({ filter: "a", count: 1 })).printed).toBe("[a] <ERR=NON-UTF8> /wD/\n");
  });

  test.each(["/wD", "_wD_", "not base64", "===="])("%p is no base64", async (message) => {
    expect(why(await publish({ topic: "a", message, base64: true }))).toEqual(["The message is not base64"]);
  });

  test("it is repeated as often as asked", async () => {
    await publish({ topic: "ready", message: "now", retain: true });
    const printed: string[] = [];
    const ready = Promise.withResolvers<void>();
    const print = (text: string) => {
      printed.push(text);
      ready.resolve();
    };
    const outcome = mqttSub({ ...context(), stdout: print }, endpoint, { ...subDefaults, filter: "#", count: 4 });
    await ready.promise;
    await publish({ topic: "a", message: "tick", repeat: 3 });
    expect(await outcome).toEqual({ kind: "done" });
    expect(printed).toEqual(["[ready] now\n", "[a] tick\n", "[a] tick\n", "[a] tick\n"]);
  });
});

describe("subscribing", () => {
  test("ends after the time given", async () => {
    expect(await subscribe({ filter: "nothing", duration: duration("20ms") })).toEqual({
      outcome: { kind: "done" },
      printed: "",
    });
  });

  test("prints no more than the messages counted", async () => {
    for (const topic of ["a", "b", "c"]) await publish({ topic, message: topic, retain: true });
    const { printed } = await subscribe({ filter: "#", count: 2 });
    expect(printed.trim().split("\n")).toHaveLength(2);
  });

  test("--retained-only ends at the first message that is not retained, without printing it", async () => {
    await publish({ topic: "a", message: "kept", retain: true });
    const printed: string[] = [];
    const ready = Promise.withResolvers<void>();
    const print = (text: string) => {
      printed.push(text);
      ready.resolve();
    };
    const args = { ...subDefaults, filter: "#", noTopic: true, retainedOnly: true };
    const outcome = mqttSub({ ...context(), stdout: print }, endpoint, args);
    await ready.promise;
    await publish({ topic: "b", message: "live" });
    expect(await outcome).toEqual({ kind: "done" });
    expect(printed).toEqual(["kept\n"]);
  });

  test("interrupted, it is a success", async () => {
    const end = new AbortController();
    const args = { ...subDefaults, filter: "#", connectionTimeout: duration("0") };
    const outcome = mqttSub(context([], end.signal), endpoint, args);
    end.abort();
    expect(await outcome).toEqual({ kind: "done" });
  });
});

describe("a line", () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  test.each([
    [bytes(104, 105), { noTopic: false, base64: false }, "[t] hi"],
    [bytes(104, 105), { noTopic: true, base64: false }, "hi"],
    [bytes(104, 105), { noTopic: false, base64: true }, "[t] aGk="],
    [bytes(104, 105), { noTopic: true, base64: true }, "aGk="],
    [bytes(), { noTopic: false, base64: false }, "[t] "],
    [bytes(255), { noTopic: false, base64: false }, "[t] <ERR=NON-UTF8> /w=="],
    [bytes(255), { noTopic: true, base64: false }, "<ERR=NON-UTF8> /w=="],
  ])("%p with %j is %s", (payload, options, line) => {
    expect(formatMessage({ topic: "t", payload }, options)).toBe(line);
  });
});

describe("a broker out of reach", () => {
  test.each([
    ["10ms", "10ms"],
    ["1", "1s"],
  ])("is told after %s", async (text, shown) => {
    await broker.stop();
    const hurried: CliContext = {
      ...context(),
      clock: { ...systemClock, after: (milliseconds, fire) => systemClock.after(milliseconds / 100, fire) },
    };
    const connectionTimeout = duration(text);
    const published = await mqttPub(hurried, endpoint, { ...pubDefaults, topic: "a", message: "b", connectionTimeout });
    expect(why(published)[0]).toBe(`MQTT connection timed out after ${shown}`);
    const subscribed = await mqttSub(hurried, endpoint, { ...subDefaults, filter: "a", connectionTimeout });
    expect(why(subscribed)[0]).toBe(`MQTT connection timed out after ${shown}`);
  });

  test("also when it listens and says nothing", async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const mute = async () => ok({ host: "127.0.0.1", port });
    const args = { ...pubDefaults, topic: "a", message: "b", connectionTimeout: duration("20ms") };
    const outcome = await mqttPub(context(), mute, args);
    server.close();
    expect(why(outcome)[0]).toBe("MQTT connection timed out after 20ms");
  });
});
