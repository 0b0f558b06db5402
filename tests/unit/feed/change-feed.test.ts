import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import { fault } from "../../../src/base/fault.ts";
import { err, ok } from "../../../src/base/result.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { matchesFilter } from "../../../src/bus/topic-filter.ts";
import { createChangeFeed } from "../../../src/feed/change-feed.ts";
import { STREAM_EVENT_SCHEMA } from "../../../src/feed/event-document.ts";
import type { EventFilter } from "../../../src/feed/event-filter.ts";
import type { Entity, TwinChange } from "../../../src/twin/twin.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { entityId } from "./an-event.ts";

const MAIN = entityId("device/main");
const LINE: Entity = { id: entityId("device/line"), type: "child-device", parent: MAIN };
const PUMP: Entity = { id: entityId("device/pump"), type: "child-device", parent: LINE.id };

/** A feed beside a twin of which a test says what changes, and a bus of which it says what arrives and what is retained. */
function aWorld(entities: readonly Entity[] = [{ id: MAIN, type: "device" }, LINE, PUMP]) {
  const clock = simulatedClock();
  let listener: ((change: TwinChange) => void) | undefined;
  const watch = (next: (change: TwinChange) => void) => {
    listener = next;
    return () => {
      listener = undefined;
    };
  };
  const retained = new Map<string, string>();
  let isReadable = true;
  const received = (topic: string, payload: string, retain: boolean) =>
    ({ topic, payload: new TextEncoder().encode(payload), qos: 1, retain, dup: false }) as const;
  const feed = createChangeFeed({
    schema: topicSchema("te"),
    async readRetained(filters, onMessage) {
      for (const [topic, payload] of retained) {
        if (filters.some((filter) => matchesFilter(filter, topic))) onMessage(received(topic, payload, true));
      }
      return isReadable ? ok() : err(fault("lost", "The connection broke"));
    },
    twin: { list: () => [...entities], watch },
    history: { events: 10_000, bytes: 10_000_000 },
    readers: 10,
    clock,
    random: () => 0,
  });
  feed.start();
  const { participant } = feed;
  return {
    clock,
    feed,
    isWatched: () => listener !== undefined,
    change: (change: TwinChange) => listener?.(change),
    retained,
    breakReading() {
      isReadable = false;
    },
    async message(topic: string, payload: string, retain = false) {
      if (!participant.subscriptions.some(({ filter }) => matchesFilter(filter, topic))) return;
      await participant.receive(received(topic, payload, retain));
    },
    connected: (first: boolean, sessionPresent: boolean) => participant.connected?.({ first, sessionPresent }),
    /** Follows, and gives a function that takes what came since, in words. */
    follow(filter: EventFilter = {}) {
      const opened = feed.open({ filter, onLeft: () => undefined });
      if (!opened.ok) throw new Error(opened.fault.code);
      const reader = opened.value;
      const texts: string[] = [];
      const pump = async () => {
        for (let delivery = await reader.next(); delivery !== undefined; delivery = await reader.next()) {
          if (delivery.kind === "events") texts.push(...delivery.events.map(({ text }) => text));
        }
      };
      void pump();
      return async () => {
        await clock.advance(0);
        return texts.splice(0).map(inWords);
      };
    },
  };
}

function inWords(text: string): string {
  const event = v.parse(STREAM_EVENT_SCHEMA, JSON.parse(text));
  if (!("id" in event)) return event.kind;
  const { id, kind, change, ...rest } = event;
  const detail = ["key", "type", "operation", "status"].flatMap((name) =>
    name in rest ? Reflect.get(rest, name) : [],
  );
  return [id, kind, change, ...detail].join(" ");
}

test("what the twin accepted is told", async () => {
  const { change, follow } = aWorld();
  const taken = follow();
  change({ kind: "registered", entity: { id: entityId("device/new"), type: "child-device", parent: MAIN } });
  change({ kind: "updated", entity: { ...LINE, externalId: "L" } });
  change({ kind: "fragment", id: PUMP.id, key: "site", value: 1 });
  change({ kind: "fragment", id: PUMP.id, key: "site", value: undefined });
  change({ kind: "config", id: PUMP.id, config: {} });
  change({ kind: "removed", entity: PUMP });
  expect(await taken()).toEqual([
    "device/new// registration registered",
    "device/line// registration updated",
    "device/pump// twin set site",
    "device/pump// twin removed site",
    "device/pump// config set",
    "device/pump// registration removed",
  ]);
});

test("health, alarms and commands are told as they are published, and nothing else of the bus", async () => {
  const { message, follow } = aWorld();
  const taken = follow();
  await message("te/device/pump///status/health", '{"status":"up"}');
  await message("te/device/pump///a/hot", "no json\n");
  await message("te/device/pump///cmd/restart/1", '{"status":"init"}');
  await message("te/device/pump///cmd/restart/1", '{"status":"executing"}');
  await message("te/device/pump///cmd/restart/1", "");
  await message("te/device/pump///a/hot", "");
  await message("te/device/pump///cmd/health/check", "{}");
  await message("te/device/pump///m/temperature", "{}");
  expect(await taken()).toEqual([
    "device/pump// health reported up",
    "device/pump// alarm raised hot",
    "device/pump// command state restart init",
    "device/pump// command state restart executing",
    "device/pump// command cleared restart",
    "device/pump// alarm cleared hot",
  ]);
});

test("what happened before somebody followed is not kept", async () => {
  const { change, message, follow } = aWorld();
  change({ kind: "fragment", id: PUMP.id, key: "site", value: 1 });
  await message("te/device/pump///a/hot", "{}");
  expect(await follow()()).toEqual([]);
});

describe("a subtree", () => {
  test("is told of what happens in it, at any depth", async () => {
    const { change, message, follow } = aWorld();
    const taken = follow({ scope: { id: LINE.id, descendants: true } });
    const nozzle: Entity = { id: entityId("device/nozzle"), type: "child-device", parent: PUMP.id };
    change({ kind: "registered", entity: nozzle });
    await message("te/device/nozzle///a/clog", "{}");
    await message("te/device/main///a/hot", "{}");
    change({ kind: "removed", entity: nozzle });
    change({ kind: "removed", entity: PUMP });
    change({ kind: "removed", entity: LINE });
    expect(await taken()).toEqual([
      "device/nozzle// registration registered",
      "device/nozzle// alarm raised clog",
      "device/nozzle// registration removed",
      "device/pump// registration removed",
      "device/line// registration removed",
    ]);
  });

  test("is told of who leaves it and who comes in, and not of what they do elsewhere", async () => {
    const { change, message, follow } = aWorld();
    const taken = follow({ scope: { id: LINE.id, descendants: true } });
    change({ kind: "updated", entity: { ...PUMP, parent: MAIN } });
    await message("te/device/pump///a/hot", "{}");
    change({ kind: "updated", entity: PUMP });
    await message("te/device/pump///a/cold", "{}");
    expect(await taken()).toEqual([
      "device/pump// registration updated",
      "device/pump// registration updated",
      "device/pump// alarm raised cold",
    ]);
  });
});

describe("an entity that is not registered", () => {
  const NEW: TwinChange = {
    kind: "registered",
    entity: { id: entityId("device/new"), type: "child-device", parent: LINE.id },
  };

  test("is not told of before it is, and then with what it published, in its place in the tree", async () => {
    const { change, message, follow } = aWorld();
    const taken = follow({ scope: { id: LINE.id, descendants: true } });
    await message("te/device/new///a/hot", "{}");
    await message("te/device/new///cmd/restart/1", '{"status":"init"}');
    expect(await taken()).toEqual([]);
    change(NEW);
    await message("te/device/new///cmd/restart/1", "");
    expect(await taken()).toEqual([
      "device/new// registration registered",
      "device/new// alarm raised hot",
      "device/new// command state restart init",
      "device/new// command cleared restart",
    ]);
  });

  test("leaves nothing behind of what it cleared", async () => {
    const { change, message, follow } = aWorld();
    const taken = follow();
    await message("te/device/new///a/hot", "{}");
    await message("te/device/new///a/hot", "");
    change(NEW);
    expect(await taken()).toEqual(["device/new// registration registered"]);
  });

  test("any more takes with it what is cleared on the bus thereafter", async () => {
    const { change, message, follow } = aWorld();
    const taken = follow();
    await message("te/device/pump///a/hot", "{}");
    change({ kind: "removed", entity: PUMP });
    await message("te/device/pump///a/hot", "");
    expect(await taken()).toEqual(["device/pump// alarm raised hot", "device/pump// registration removed"]);
  });
});

describe("what the broker retains", () => {
  const ALARM = "te/device/pump///a/hot";
  const HEALTH = "te/device/pump///status/health";

  /** Followed for a while already. */
  async function settled() {
    const world = aWorld();
    world.retained.set(ALARM, "{}").set(HEALTH, '{"status":"up"}');
    const taken = world.follow();
    await world.clock.advance(1);
    return { ...world, taken };
  }

  test("is the present state, and no event", async () => {
    const { taken } = await settled();
    expect(await taken()).toEqual([]);
  });

  test("is no event either when a new subscription brings it over the session", async () => {
    const { connected, message, clock, taken } = await settled();
    await message(ALARM, "{}", true);
    await connected(false, false);
    await message(HEALTH, '{"status":"other"}', true);
    await clock.advance(60_000);
    expect(await taken()).toEqual([]);
  });

  test("is told of after a reconnection where it changed while the agent was away", async () => {
    const { connected, retained, clock, taken } = await settled();
    retained.set(HEALTH, '{"status":"down"}').delete(ALARM);
    await connected(false, false);
    await clock.advance(4_999);
    expect(await taken()).toEqual([]);
    await clock.advance(1);
    expect(await taken()).toEqual(["device/pump// health reported down", "device/pump// alarm cleared hot"]);
  });

  test("and is lost with the broker is not cleared when its service says it again within seconds", async () => {
    const { connected, message, retained, clock, taken } = await settled();
    retained.clear();
    await connected(false, false);
    await clock.advance(1_000);
    await message(HEALTH, '{"status":"up"}');
    await clock.advance(10_000);
    expect(await taken()).toEqual(["device/pump// health reported up", "device/pump// alarm cleared hot"]);
  });

  test("and cannot be read after a reconnection makes a reset for everybody", async () => {
    const { connected, breakReading, follow, clock, taken } = await settled();
    const other = follow({ kinds: new Set(["twin"]), scope: { id: LINE.id, descendants: false } });
    breakReading();
    await connected(false, false);
    await clock.advance(5_000);
    expect([await taken(), await other()]).toEqual([["reset"], ["reset"]]);
  });
});

test("as long as nobody ever followed, nothing is read", async () => {
  const { connected, breakReading, retained, clock, message, follow } = aWorld();
  retained.set("te/device/pump///a/hot", "{}");
  breakReading();
  await connected(true, false);
  await connected(false, false);
  await message("te/device/pump///a/hot", "{}");
  expect(clock.pending).toBe(0);
  expect(await follow()()).toEqual([]);
});

test("once it has ended nothing is watched, read or waited for", async () => {
  const { feed, connected, clock, isWatched, follow } = aWorld();
  const taken = follow();
  await connected(true, false);
  feed.end();
  feed.end();
  await connected(false, false);
  expect([isWatched(), clock.pending, await taken()]).toEqual([false, 0, []]);
});
