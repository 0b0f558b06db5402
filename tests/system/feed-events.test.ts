import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { follow } from "./feed-stream.ts";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { connectProbe } from "./world/bus-probe.ts";
import { curl } from "./world/curl.ts";
import { mosquittoPub } from "./world/mosquitto-clients.ts";
import { startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const RETAIN = { retain: true };
const EVENTS = "/te/v1/events";

async function registerPump({ broker, url }: Pick<AgentAtWork, "broker" | "url">): Promise<void> {
  await mosquittoPub(broker, "te/device/pump//", '{"@type":"child-device","name":"Pump"}', RETAIN);
  await waitUntil("the pump is registered", () => curl(`${url}/te/v1/entities/device/pump`).catch(() => undefined));
}

/**
 * The agent has read what is retained, so that it has something to compare with. It does so beside its session, by a client with a name of ten
 * letters; `from` is where to look in the broker's log.
 */
async function untilRead({ broker }: Pick<AgentAtWork, "broker">, from = 0): Promise<void> {
  await waitUntil(
    "the agent has read what is retained",
    () => {
      const log = broker.log().slice(from);
      const [, reader] = /([a-z]{10}) 0 te\/\+\/\+\/\+\/\+\/cmd\/\+\/\+$/m.exec(log) ?? [];
      return reader !== undefined && log.includes(`Client ${reader} disconnected`);
    },
    { timeout: 20_000 },
  );
}

/** Raises an alarm; once it is told, so is everything else that the pump published before. */
async function publishLast({ broker }: Pick<AgentAtWork, "broker">, name: string): Promise<string> {
  await mosquittoPub(broker, `te/device/pump///a/${name}`, "{}", RETAIN);
  return `device/pump// alarm raised ${name}`;
}

describe("curl follows", () => {
  test("what comes over MQTT and what is asked over HTTP, in order, and resumes without a gap", async () => {
    await using world = await startAgentAtWork();
    const { broker, url } = world;
    await using all = await follow(`${url}${EVENTS}`);
    await registerPump(world);
    await curl("-X", "PUT", "-d", '{"row":2}', `${url}/te/v1/entities/device/pump///twin/site`);
    await mosquittoPub(broker, "te/device/pump///a/hot", '{"severity":"major","text":"Hot"}', RETAIN);
    await mosquittoPub(broker, "te/device/pump///a/hot", "", RETAIN);
    await mosquittoPub(broker, "te/device/pump///cmd/restart/1", '{"status":"init"}', RETAIN);
    await mosquittoPub(broker, "te/device/pump///cmd/restart/1", "this is no JSON", RETAIN);
    await mosquittoPub(broker, "te/device/pump/service/app/status/health", '{"status":"up"}', RETAIN);
    expect(await all.until("device/pump/service/app twin set name")).toEqual([
      "device/pump// registration registered",
      "device/pump// twin set name",
      "device/pump// twin set site",
      "device/pump// alarm raised hot",
      "device/pump// alarm cleared hot",
      "device/pump// command state restart init",
      "device/pump// command state restart",
      "device/pump/service/app registration registered",
      "device/pump/service/app health reported up",
      "device/pump/service/app twin set name",
    ]);
    await all.stop();
    await mosquittoPub(broker, "te/device/pump///cmd/restart/1", "", RETAIN);
    await curl("-X", "DELETE", `${url}/te/v1/entities/device/pump//`);
    await using resumed = await follow(`${url}${EVENTS}`, all.lastEventId());
    const missed = await resumed.until("device/pump// registration removed");
    expect(missed).toEqual([
      "device/pump// command cleared restart",
      "device/pump/service/app registration removed",
      "device/pump// registration removed",
    ]);
  });

  test("one entity, its subtree, or some kinds", async () => {
    await using world = await startAgentAtWork();
    const { broker, url } = world;
    await registerPump(world);
    await mosquittoPub(broker, "te/device/nozzle//", '{"@type":"child-device","@parent":"device/pump//"}', RETAIN);
    await waitUntil("the nozzle is registered", () =>
      curl(`${url}/te/v1/entities/device/nozzle`).catch(() => undefined),
    );
    const pump = `${url}/te/v1/entities/device/pump///events`;
    await using one = await follow(pump);
    await using subtree = await follow(`${pump}?descendants=true`);
    await using twins = await follow(`${url}${EVENTS}?root=device/pump&type=twin,registration`);
    await mosquittoPub(broker, "te/device/nozzle///a/clog", "{}");
    await mosquittoPub(broker, "te/device/main///a/far", "{}");
    await mosquittoPub(broker, "te/device/nozzle///twin/width", "4");
    const last = await publishLast(world, "last");
    expect(await one.until(last)).toEqual([last]);
    const below = ["device/nozzle// alarm raised clog", "device/nozzle// twin set width"];
    expect((await subtree.until(last)).toSorted()).toEqual([...below, last].toSorted());
    expect(await twins.until("device/nozzle// twin set width")).toEqual(["device/nozzle// twin set width"]);
  });
});

describe("a restart", () => {
  test("of the agent ends streams at once, and whoever resumes is told to read the state again", async () => {
    await using world = await startAgentAtWork();
    const { agent, broker, device, url } = world;
    await registerPump(world);
    await mosquittoPub(broker, "te/device/pump///a/hot", "{}", RETAIN);
    await using before = await follow(`${url}${EVENTS}`);
    await before.until(await publishLast(world, "seen"));
    const began = performance.now();
    const [, code] = await Promise.all([agent.stop(), before.ended]);
    expect(code).toBe(0);
    expect(performance.now() - began).toBeLessThan(4_000);
    await using _next = await startTebus(["run", "tedge-agent"], { configDir: device.configDir });
    await waitUntil("the agent is back", () => curl(`${url}/te/v1/entities/device/pump`).catch(() => undefined));
    await using after = await follow(`${url}${EVENTS}?root=device/pump`, before.lastEventId());
    const last = await publishLast(world, "last");
    expect(await after.until(last)).toEqual(["reset unknown", last]);
  });

  test("of the broker, which keeps what is retained, makes no false events", async () => {
    await using world = await startAgentAtWork();
    const { broker, url } = world;
    await registerPump(world);
    await using pump = await follow(`${url}${EVENTS}?root=device/pump`);
    await mosquittoPub(broker, "te/device/pump///cmd/restart/1", '{"status":"init"}', RETAIN);
    const before = await pump.until(await publishLast(world, "hot"));
    await untilRead(world);
    await broker.stop();
    const logged = broker.log().length;
    await broker.start();
    await untilRead(world, logged);
    const last = await publishLast(world, "last");
    expect(await pump.until(last)).toEqual([...before, last]);
  }, 30_000);

  test("of the broker, which loses everything, tells what is gone", async () => {
    await using world = await startAgentAtWork();
    const { broker, url } = world;
    await registerPump(world);
    await using pump = await follow(`${url}${EVENTS}?root=device/pump&type=alarm`);
    const raised = await publishLast(world, "hot");
    await pump.until(raised);
    await untilRead(world);
    await broker.kill();
    await broker.start();
    expect(await pump.until("device/pump// alarm cleared hot")).toEqual([raised, "device/pump// alarm cleared hot"]);
  }, 30_000);
});

test("a client that does not read is cut off and told so, and others are not held up", async () => {
  await using world = await startAgentAtWork({ config: ["http.events.history_count = 50"] });
  const { broker, device, url } = world;
  await registerPump(world);
  const socket = connect(device.httpPort, "127.0.0.1");
  await using _socket = { [Symbol.asyncDispose]: async () => void socket.destroy() };
  socket.write(`GET ${EVENTS}?type=alarm HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  let heard = "";
  let reads = false;
  socket.on("data", (bytes: Buffer) => {
    heard += bytes.toString();
    if (!reads) socket.pause();
  });
  await waitUntil("the stream is open", () => heard.includes("id: "));
  await using other = await follow(`${url}${EVENTS}?type=twin`);
  await using probe = await connectProbe(broker.port, ["none"]);
  const payload = JSON.stringify({ text: "x".repeat(64 * 1_024) });
  for (let count = 0; count < 400; count += 1) await probe.publish("te/device/pump///a/large", payload);
  await probe.publish("te/device/pump///twin/last", "true");
  await other.until("device/pump// twin set last");
  reads = true;
  socket.resume();
  await waitUntil("the stream has ended", () => heard.endsWith(LAST_CHUNK));
  const [lastEvent = ""] = heard.split("\n\n").slice(-2);
  expect(lastEvent).toContain("event: overflow\n");
  const lastEventId = heard.match(/(?<=^id: ).*$/gm)?.at(-1);
  await using resumed = await follow(`${url}${EVENTS}?type=alarm`, lastEventId);
  expect(await resumed.until("reset expired")).toEqual(["reset expired"]);
}, 60_000);

/** Ends an answer whose length was not known before (RFC 9112 §7.1). */
const LAST_CHUNK = "\r\n0\r\n\r\n";
