import { describe, expect, test } from "bun:test";
import { systemClock } from "../../src/base/clock.ts";
import { joinBus } from "../../src/bus/join-bus.ts";
import { retained, transient } from "../../src/bus/message.ts";
import { LOCAL_SESSION } from "../../src/bus/session-defaults.ts";
import { QUIET, sessionClient } from "./session-client.ts";
import { breakableLink } from "./session-link.ts";
import { connectProbe } from "./world/bus-probe.ts";
import { startMosquitto } from "./world/mosquitto.ts";
import { waitUntil } from "./world/wait-until.ts";

const SOON = () => AbortSignal.timeout(10_000);
const HOST = "127.0.0.1";
const TO_X = { subscriptions: [{ filter: "x/#", qos: 1 }] } as const;

describe("with mosquitto, a session", () => {
  test("gets a message again, as a duplicate, when the connection breaks before it is acknowledged", async () => {
    await using broker = await startMosquitto();
    await using link = await breakableLink(broker.port);
    await using reader = sessionClient({ host: HOST, port: link.port }, "reader", { ...TO_X, acknowledges: false });
    await using writer = sessionClient({ host: HOST, port: broker.port }, "writer");
    await reader.session.ready(SOON());
    expect(await writer.session.publish(transient("x/1", "once"))).toBe("delivered");
    const [first] = await reader.arrived(1);
    link.cut();
    const [, again] = await reader.arrived(2);
    first?.acknowledge();
    expect([first?.message.dup, again?.message.dup]).toEqual([false, true]);
    expect(again?.text).toBe("once");
    again?.acknowledge();
    await writer.session.publish(transient("x/2", "next"));
    (await reader.arrived(3))[2]?.acknowledge();
    await reader.session.close(2_000);
    await using heir = sessionClient({ host: HOST, port: broker.port }, "reader", TO_X);
    await heir.session.ready(SOON());
    await writer.session.publish(transient("x/3", "last"));
    expect((await heir.arrived(1)).map(({ text }) => text)).toEqual(["last"]);
  });

  test("gets what the process before it did not acknowledge", async () => {
    await using broker = await startMosquitto();
    const endpoint = { host: HOST, port: broker.port };
    await using writer = sessionClient(endpoint, "writer");
    {
      await using reader = sessionClient(endpoint, "reader", { ...TO_X, acknowledges: false });
      await reader.session.ready(SOON());
      for (const text of ["1", "2", "3"]) await writer.session.publish(transient("x/1", text));
      const [first] = await reader.arrived(3);
      first?.acknowledge();
    }
    await using heir = sessionClient(endpoint, "reader", TO_X);
    expect((await heir.arrived(2)).map(({ text }) => text)).toEqual(["2", "3"]);
  });

  test("gets messages before it has acknowledged those in front of them", async () => {
    await using broker = await startMosquitto();
    const endpoint = { host: HOST, port: broker.port };
    await using reader = sessionClient(endpoint, "reader", { ...TO_X, acknowledges: false });
    await using writer = sessionClient(endpoint, "writer");
    await reader.session.ready(SOON());
    for (let count = 0; count < 40; count += 1) void writer.session.publish(transient("x/1", `${count}`));
    // mosquitto leaves 20 unacknowledged at a time.
    const arrivals = await reader.arrived(20);
    for (const { acknowledge } of arrivals.slice(1)) acknowledge();
    expect(reader.arrivals).toHaveLength(20);
    arrivals[0]?.acknowledge();
    expect((await reader.arrived(40)).map(({ text }) => Number(text))).toEqual([...Array(40).keys()]);
  });

  test("gets all that is retained at each connection, also when the broker kept the session", async () => {
    await using broker = await startMosquitto();
    await using link = await breakableLink(broker.port);
    await using writer = sessionClient({ host: HOST, port: broker.port }, "writer");
    await writer.session.publish(retained("x/1", "kept"));
    await using reader = sessionClient({ host: HOST, port: link.port }, "reader", TO_X);
    await reader.arrived(1);
    link.cut();
    expect((await reader.arrived(2)).map(({ message }) => message.retain)).toEqual([true, true]);
    expect(reader.events.findLast(({ kind }) => kind === "connected")).toMatchObject({ sessionPresent: true });
  });

  test("has everything delivered, in order, while the broker dies and comes back, again and again", async () => {
    await using broker = await startMosquitto({ persistence: "every-change" });
    await using writer = sessionClient({ host: HOST, port: broker.port }, "writer");
    await writer.session.ready(SOON());
    const outcomes: Promise<string>[] = [];
    const publishSome = (round: number) => {
      for (let count = 0; count < 60; count += 1) {
        outcomes.push(writer.session.publish(retained(`x/${round}/${count % 3}`, `${outcomes.length}`)));
      }
    };
    for (let round = 0; round < 3; round += 1) {
      publishSome(round);
      await broker.kill();
      publishSome(round);
      await broker.start();
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(["delivered"]));
    await using probe = await connectProbe(broker.port, ["x/#"]);
    const last = await waitUntil("all that is retained came", () => probe.messages.length === 9 && probe.messages);
    expect(last.map(({ topic, payload }) => `${topic} ${payload}`).sort()).toEqual(
      [0, 1, 2].flatMap((round) => [117, 118, 119].map((n, topic) => `x/${round}/${topic} ${round * 120 + n}`)),
    );
  }, 30_000);

  test("knows when the broker lost the session", async () => {
    await using broker = await startMosquitto();
    await using client = sessionClient({ host: HOST, port: broker.port }, "client", TO_X);
    await client.session.ready(SOON());
    await broker.kill();
    await broker.start();
    await waitUntil("it is connected again", () => client.events.filter(({ kind }) => kind === "ready").length === 2);
    expect(client.events.filter(({ kind }) => kind === "connected")).toEqual([
      { kind: "connected", sessionPresent: false, first: true },
      { kind: "connected", sessionPresent: false, first: false },
    ]);
  });

  test("is down by its will when it breaks off, and by its farewell when it closes", async () => {
    await using broker = await startMosquitto();
    await using link = await breakableLink(broker.port);
    await using probe = await connectProbe(broker.port, ["x/#"]);
    const client = sessionClient({ host: HOST, port: link.port }, "client", {
      will: transient("x/health", "will"),
      birth: () => [transient("x/health", "up")],
      farewell: () => [transient("x/health", "farewell")],
    });
    await client.session.ready(SOON());
    await probe.waitFor("up", ({ payload }) => payload === "up");
    link.cut();
    await waitUntil("it is up again", () => probe.messages.length >= 3);
    await client.session.close(2_000);
    await probe.waitFor("farewell", ({ payload }) => payload === "farewell");
    expect(probe.messages.map(({ payload }) => payload)).toEqual(["up", "will", "up", "farewell"]);
  });

  test("is told when another process with the same client id takes its place", async () => {
    await using broker = await startMosquitto();
    const endpoint = { host: HOST, port: broker.port };
    await using first = sessionClient(endpoint, "same", TO_X);
    await first.session.ready(SOON());
    await using second = sessionClient(endpoint, "same", TO_X);
    await second.session.ready(SOON());
    expect((await first.told("disconnected")).fault.code).toBe("connection-lost");
  });

  test("that the broker refuses keeps trying, and says why", async () => {
    await using broker = await startMosquitto({ config: ["allow_anonymous false"] });
    await using client = sessionClient({ host: HOST, port: broker.port }, "client");
    expect((await client.told("disconnected")).fault).toMatchObject({
      code: "not-authorized",
      message: `127.0.0.1:${broker.port}: the broker does not authorize this client to connect`,
    });
    await waitUntil("it tried again", () => client.events.length >= 2);
  });

  test("publishes with QoS 2 where asked", async () => {
    await using broker = await startMosquitto();
    const endpoint = { host: HOST, port: broker.port };
    await using reader = sessionClient(endpoint, "reader", { subscriptions: [{ filter: "x/#", qos: 2 }] });
    await reader.session.ready(SOON());
    await using writer = sessionClient(endpoint, "writer");
    const message = { ...transient("x/1", "exactly"), qos: 2 } as const;
    expect(await writer.session.publish(message)).toBe("delivered");
    expect(await writer.session.publish(message)).toBe("delivered");
    expect((await reader.arrived(2)).map(({ message: { qos } }) => qos)).toEqual([2, 2]);
  });
});

test("participants with overlapping filters handle each message once", async () => {
  await using broker = await startMosquitto();
  const handled: string[] = [];
  const participant = (name: string, ...filters: string[]) => ({
    name,
    subscriptions: filters.map((filter) => ({ filter, qos: 1 }) as const),
    async receive({ topic }: { readonly topic: string }) {
      handled.push(`${name} ${topic}`);
    },
  });
  const { session } = joinBus(
    [participant("a", "x/+/y", "x/1/y"), participant("b", "x/#")],
    { ...LOCAL_SESSION, endpoint: { host: HOST, port: broker.port }, clientId: "unit" },
    { clock: systemClock, random: Math.random, log: QUIET },
  );
  session.open();
  await session.ready(SOON());
  await session.publish(transient("x/1/y", ""));
  await session.publish(transient("x/end", ""));
  await waitUntil("the last message is handled", () => handled.includes("b x/end"));
  expect(handled.sort()).toEqual(["a x/1/y", "b x/1/y", "b x/end"]);
  await session.close(2_000);
});
