import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { ok } from "../../../src/base/result.ts";
import { type Message, transient } from "../../../src/bus/message.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { createTwin, type TwinKeeper } from "../../../src/twin/keeper.ts";
import type { TwinFault } from "../../../src/twin/twin.ts";
import { recordedLog } from "../http/recorded-log.ts";
import { id, registryWorld } from "./registry-world.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

const PUMP = id("device/pump");
const REFUSED = { ok: false, fault: { code: "condition-not-met" } } as const;

describe("a change whose condition is not met", () => {
  const never = () => false;

  test("changes nothing and has no effect, whatever it is", async () => {
    const world = registryWorld();
    await world.api.register({ id: PUMP, type: "child-device", twin: { a: 1 } });
    await world.api.register({ id: id("device/hall"), type: "child-device", twin: {} });
    world.effects();
    const { api } = world;
    expect(await api.setFragment(PUMP, "a", 2, never)).toMatchObject(REFUSED);
    expect(await api.removeFragment(PUMP, "a", never)).toMatchObject(REFUSED);
    expect(await api.replaceFragments(PUMP, { b: 1 }, never)).toMatchObject(REFUSED);
    expect(await api.removeFragments(PUMP, never)).toMatchObject(REFUSED);
    expect(await api.update(PUMP, { parent: id("device/hall") }, never)).toMatchObject(REFUSED);
    expect(await api.remove(PUMP, never)).toMatchObject(REFUSED);
    expect(world.effects()).toEqual([]);
    expect(api.fragments(PUMP)).toEqual({ ok: true, value: { a: 1 } });
    expect(api.get(PUMP)?.parent).toBe(id("device/main"));
  });

  test("does change when it is met", async () => {
    const world = registryWorld();
    await world.api.register({ id: PUMP, type: "child-device", twin: {} });
    expect(await world.api.setFragment(PUMP, "a", 2, () => true)).toMatchObject({ ok: true });
    expect(world.api.fragment(PUMP, "a")).toEqual({ ok: true, value: 2 });
  });
});

describe("conditions and changes of others", () => {
  let directory: TemporaryDirectory;
  let twin: TwinKeeper;
  let published: Message[];

  beforeEach(async () => {
    directory = temporaryDirectory();
    published = [];
    twin = createTwin({
      schema: topicSchema("te"),
      statePath: directory.path,
      autoRegister: true,
      cleanStart: false,
      publish: async (message) => {
        published.push(message);
        return "delivered";
      },
      clock: systemClock,
      random: Math.random,
      readRetained: async () => ok(),
      log: recordedLog(),
    });
    await twin.open(new AbortController().signal);
    await twin.register({ id: PUMP, type: "child-device", twin: {} });
    await deliverCount(0);
  });

  afterEach(async () => {
    await twin.stop();
    directory[Symbol.dispose]();
  });

  const deliverCount = (value: number) =>
    twin.participant.receive({ ...transient("te/device/pump///twin/count", `${value}`), dup: false });

  const count = () => {
    const read = twin.fragment(PUMP, "count");
    return read.ok ? Number(read.value) : Number.NaN;
  };

  test("of 50 clients that count up at the same time, each from what it has read, none is lost", async () => {
    const countUp = async (): Promise<void> => {
      for (;;) {
        const before = count();
        const done = await twin.setFragment(PUMP, "count", before + 1, () => count() === before);
        if (done.ok) return;
        expect(done.fault.code satisfies TwinFault["code"]).toBe("condition-not-met");
      }
    };
    await Promise.all(Array.from({ length: 50 }, countUp));
    expect(count()).toBe(50);
  });

  test("a message that came first is seen by the condition", async () => {
    const told = deliverCount(7);
    const changed = twin.setFragment(PUMP, "count", 1, () => count() === 0);
    await told;
    expect(await changed).toMatchObject(REFUSED);
    expect(count()).toBe(7);
    await twin.stop();
    expect(published.filter(({ topic }) => topic.endsWith("/twin/count"))).toEqual([]);
  });
});
