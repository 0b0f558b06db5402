import { describe, expect, test } from "bun:test";
import { createFeed, type FeedOptions } from "../../../src/feed/create-feed.ts";
import type { FeedReader, LeaveReason, OpenOptions } from "../../../src/feed/feed.ts";
import { HEARTBEAT, STALL } from "../../../src/feed/reader-desk.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { anEvent } from "./an-event.ts";

const HISTORY = { events: 4, bytes: 1_000_000 };

function aFeed(options: Partial<FeedOptions> = {}) {
  const clock = simulatedClock();
  const feed = createFeed({ history: HISTORY, readers: 2, clock, random: () => 0, ...options });
  const left: LeaveReason[] = [];
  const open = (more: Partial<OpenOptions> = {}): FeedReader => {
    const opened = feed.open({ filter: {}, onLeft: (reason) => left.push(reason), ...more });
    if (!opened.ok) throw new Error(opened.fault.code);
    return opened.value;
  };
  const refusal = () => {
    const opened = feed.open({ filter: {}, onLeft: () => undefined });
    return opened.ok ? undefined : opened.fault.code;
  };
  return { clock, feed, left, open, refusal, append: (text: string) => feed.append(anEvent(text)) };
}

/** What is delivered next, in words; `nothing` when that is not there yet. */
async function next(reader: FeedReader): Promise<string> {
  const pending = reader.next();
  const turns = async () => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    return "nothing" as const;
  };
  const delivery = await Promise.race([pending, turns()]);
  if (delivery === "nothing") return delivery;
  if (delivery === undefined) return "closed";
  if (delivery.kind === "heartbeat") return `heartbeat ${delivery.id ?? ""}`.trim();
  return delivery.events.map(({ id, text }) => `${id} ${text}`).join(", ");
}

const EPOCH = "0000000000";

test("nothing has to be kept before somebody follows", () => {
  const { feed, open } = aFeed();
  expect(feed.isFollowed).toBe(false);
  open().close();
  expect(feed.isFollowed).toBe(true);
});

test("a reader begins at the present, and resumes where another ended", async () => {
  const { open, append } = aFeed();
  const first = open();
  expect([first.from, first.reset]).toEqual([`${EPOCH}-0`, undefined]);
  append("a");
  expect(await next(first)).toBe(`${EPOCH}-1 a`);
  first.close();
  append("b");
  append("c");
  const second = open({ lastEventId: `${EPOCH}-1` });
  expect([second.from, second.reset]).toEqual([`${EPOCH}-1`, undefined]);
  expect(await next(second)).toBe(`${EPOCH}-2 b, ${EPOCH}-3 c`);
});

test.each([
  ["of another run", "1111111111-2", "unknown"],
  ["that is none", "yesterday", "unknown"],
  ["of what has not happened yet", `${EPOCH}-7`, "unknown"],
  ["of what is not kept any more", `${EPOCH}-1`, "expired"],
] as const)("an id %s gives a reset, and then what comes", async (_, lastEventId, reason) => {
  const { open, append } = aFeed();
  open().close();
  for (const text of "abcdef") append(text);
  const reader = open({ lastEventId });
  expect([reader.from, reader.reset]).toEqual([`${EPOCH}-6`, reason]);
  append("g");
  expect(await next(reader)).toBe(`${EPOCH}-7 g`);
});

describe("a reader that waits", () => {
  test("gets what happens at once", async () => {
    const { open, append } = aFeed();
    const pending = open().next();
    append("a");
    expect(await pending).toEqual({ kind: "events", events: [{ id: `${EPOCH}-1`, kind: "alarm", text: "a" }] });
  });

  test("gets a heartbeat after every quarter of a minute without an event", async () => {
    const { clock, open, append } = aFeed();
    const reader = open({ filter: { kinds: new Set(["twin"]) } });
    const first = reader.next();
    await clock.advance(HEARTBEAT);
    expect(await first).toEqual({ kind: "heartbeat" });
    append("passes by");
    const second = reader.next();
    await clock.advance(HEARTBEAT);
    expect(await second).toEqual({ kind: "heartbeat", id: `${EPOCH}-1` });
  });

  test("is let go when the agent stops, and no other comes in", async () => {
    const { feed, open, left, refusal } = aFeed();
    const reader = open();
    const pending = reader.next();
    feed.end();
    expect(await pending).toBeUndefined();
    expect(await next(reader)).toBe("closed");
    expect([left, refusal()]).toEqual([["ended"], "ended"]);
  });
});

describe("a reader that is slow", () => {
  test("is let go once what it has not taken is kept no longer", async () => {
    const { open, left, append } = aFeed();
    const reader = open();
    for (const text of "abcd") append(text);
    expect(left).toEqual([]);
    append("e");
    expect(left).toEqual(["slow"]);
    expect(await next(reader)).toBe("closed");
  });

  test("is let go when it takes nothing for a minute, counted anew each time", async () => {
    const { clock, open, left, append } = aFeed();
    const reader = open();
    await clock.advance(STALL - 1);
    append("a");
    expect(await next(reader)).toBe(`${EPOCH}-1 a`);
    await clock.advance(STALL - 1);
    expect(left).toEqual([]);
    await clock.advance(1);
    expect(left).toEqual(["slow"]);
  });

  test("makes room for another", async () => {
    const { clock, open, refusal } = aFeed();
    open();
    open();
    expect(refusal()).toBe("too-many-readers");
    await clock.advance(STALL);
    expect(refusal()).toBeUndefined();
  });
});

test("there are as many readers at one time as are allowed", () => {
  const { open, refusal } = aFeed();
  const one = open();
  open();
  expect(refusal()).toBe("too-many-readers");
  one.close();
  one.close();
  expect(refusal()).toBeUndefined();
});

test("a reader that closes is told nothing, and leaves no timer behind", async () => {
  const { clock, open, left } = aFeed();
  const waiting = open();
  const pending = waiting.next();
  const idle = open();
  waiting.close();
  idle.close();
  expect(await pending).toBeUndefined();
  expect([left, clock.pending]).toEqual([[], 0]);
});
