import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import { systemClock } from "../../../src/base/clock.ts";
import type { Log } from "../../../src/base/log.ts";
import type { Unit } from "../../../src/base/unit.ts";
import { type BridgeOptions, createBridge } from "../../../src/bridge/create-bridge.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../../src/bus/embedded-broker.ts";
import { type BusProbe, connectProbe } from "../../system/world/bus-probe.ts";
import { freePort } from "../../system/world/free-port.ts";
import { waitUntil } from "../../system/world/wait-until.ts";

const HEALTH = "te/device/main/service/tedge-mapper-bridge-x/status/health";
const UP = '{"status":"up"}';
const DOWN = '{"status":"down"}';

let logged: string[] = [];
let local: EmbeddedBroker;
let remote: EmbeddedBroker;
let here: BusProbe;
let there: BusProbe;
const bridges: Unit[] = [];

const note = (text: string) => {
  logged.push(text);
};
const log: Log = { error: note, warn: note, info: note, debug: note, trace: note };

function startBroker(port = 0): Promise<EmbeddedBroker> {
  return startEmbeddedBroker({ host: "127.0.0.1", port, log });
}

beforeEach(async () => {
  logged = [];
  [local, remote] = await Promise.all([startBroker(), startBroker()]);
  [here, there] = await Promise.all([connectProbe(local.port), connectProbe(remote.port)]);
});

afterEach(async () => {
  for (const bridge of bridges.splice(0)) await bridge.stop();
  await Promise.all([here.close(), there.close()]);
  await Promise.all([local.stop(), remote.stop()]);
});

/** A bridge between the two brokers, not started. */
function makeBridge(change: Partial<BridgeOptions> = {}, remotePort = remote.port): Unit {
  const identity = { clean: false, keepAlive: 60, connectTimeout: 5_000 };
  const made = createBridge(
    {
      name: "tedge-mapper-bridge-x",
      local: { ...identity, endpoint: { host: "127.0.0.1", port: local.port }, clientId: "tedge-mapper-bridge-x" },
      remote: { ...identity, endpoint: { host: "127.0.0.1", port: remotePort }, clientId: "gw7" },
      rules: [
        { localPrefix: "l/", remotePrefix: "r/", topic: "#", direction: "outbound" },
        { localPrefix: "in/", remotePrefix: "cmd/", topic: "#", direction: "inbound" },
        { localPrefix: "both/", remotePrefix: "shadow/", topic: "#", direction: "bidirectional" },
        { localPrefix: "single", remotePrefix: "other/topic", topic: "", direction: "outbound" },
      ],
      healthTopic: HEALTH,
      errorsTopic: "te/errors",
      maxPacket: 100,
      reconnect: { initial: 20, maximum: 50, resetWindow: 1_000 },
      ...change,
    },
    { clock: systemClock, random: Math.random, log },
  );
  bridges.push(made);
  return made;
}

async function bridge(change: Partial<BridgeOptions> = {}, remotePort = remote.port): Promise<Unit> {
  const made = makeBridge(change, remotePort);
  await made.start(AbortSignal.timeout(5_000));
  return made;
}

/** The way to the remote broker, once it is open: connections to `port` get there. */
async function openWay(port: number): Promise<Server> {
  const server = createServer((socket) => {
    const onward = connect(remote.port, "127.0.0.1");
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

const health = (status: string) =>
  here.waitFor(`health is ${status}`, ({ topic, payload }) => topic === HEALTH && payload === status);
const arrival = (probe: BusProbe, topic: string, payload: string) =>
  probe.waitFor(`${payload} arrives on ${topic}`, (message) => message.topic === topic && message.payload === payload);
const texts = (probe: BusProbe, topic: string) =>
  probe.messages.filter((one) => one.topic === topic).map(({ payload }) => payload);

describe("a bridge between two brokers", () => {
  test("carries messages out, in, and to a single topic, with their QoS", async () => {
    await bridge();
    await health(UP);
    await here.publish("l/a/b", "out");
    await there.publish("cmd/a", "in");
    await here.publish("single", "one");
    expect(await arrival(there, "r/a/b", "out")).toMatchObject({ qos: 1, retain: false });
    expect(await arrival(here, "in/a", "in")).toMatchObject({ qos: 1 });
    await arrival(there, "other/topic", "one");
  });

  test("does not give back what came over a bidirectional rule", async () => {
    await bridge();
    await health(UP);
    await here.publish("both/a", "from here");
    await there.publish("shadow/a", "from there");
    await arrival(there, "shadow/a", "from here");
    await arrival(here, "both/a", "from there");
    await here.publish("both/a", "last");
    await arrival(there, "shadow/a", "last");
    expect(texts(there, "shadow/a").toSorted()).toEqual(["from here", "from there", "last"]);
    expect(texts(here, "both/a").toSorted()).toEqual(["from here", "from there", "last"]);
  });

  test("drops what is too large for the remote broker, tells it, and goes on", async () => {
    await bridge();
    await health(UP);
    await here.publish("l/big", "x".repeat(100));
    await here.publish("l/big", "small");
    await arrival(there, "r/big", "small");
    const text = "Dropping cloud-bound message on topic r/big: packet size 111 B exceeds the configured limit of 100 B";
    await arrival(here, "te/errors", text);
    expect(logged).toContain(text);
    expect(texts(there, "r/big")).toEqual(["small"]);
  });

  test("tells what none of its rules has a place for", async () => {
    await bridge({ rules: [{ localPrefix: "pre/", remotePrefix: "r/", topic: "#", direction: "outbound" }] });
    await health(UP);
    await here.publish("pre", "x");
    await arrival(here, "te/errors", 'Failed to convert "pre"');
  });

  test("is up while both brokers are connected, down otherwise, and down once it has stopped", async () => {
    const port = await freePort();
    const made = await bridge({}, port);
    await health(DOWN);
    const late = await startBroker(port);
    await health(UP);
    await made.stop();
    await late.stop();
    await waitUntil("health is told three times", () => texts(here, HEALTH).length === 3);
    expect(texts(here, HEALTH)).toEqual([DOWN, UP, DOWN]);
    expect(here.messages.every(({ topic, retain }) => topic !== HEALTH || !retain)).toBe(true);
  });

  test("warns of rules that hand messages round", async () => {
    await bridge({
      rules: [
        { localPrefix: "a/", remotePrefix: "b/", topic: "#", direction: "outbound" },
        { localPrefix: "a/", remotePrefix: "b/", topic: "x", direction: "inbound" },
      ],
    });
    expect(logged.filter((text) => text.includes("overlap on both sides"))).toHaveLength(1);
  });

  test("brings in order what was published while the remote broker was away, far more than it can hold", async () => {
    const port = await freePort();
    await bridge({ capacity: { messages: 7, bytes: 10_000 } }, port);
    const sent = Array.from({ length: 60 }, (_, index) => String(index));
    for (const text of sent) await here.publish("l/queue", text);
    const way = await openWay(port);
    await arrival(there, "r/queue", "59");
    expect([...new Set(texts(there, "r/queue"))]).toEqual(sent);
    // Connecting anew to take up the rest is no failure.
    expect(texts(here, HEALTH)).toEqual([DOWN, UP]);
    way.close();
  });

  test("delivers after a restart what it could not deliver before", async () => {
    const port = await freePort();
    const first = await bridge({}, port);
    await here.publish("l/queue", "before");
    await first.stop();
    await here.publish("l/queue", "meanwhile");
    const way = await openWay(port);
    await bridge({}, port);
    await arrival(there, "r/queue", "meanwhile");
    expect(texts(there, "r/queue")).toEqual(["before", "meanwhile"]);
    way.close();
  });

  test("gives up starting when it is told to", async () => {
    const made = makeBridge();
    await expect(made.start(AbortSignal.abort())).rejects.toThrow("Stopped before the session was ready");
    await made.stop();
  });
});
