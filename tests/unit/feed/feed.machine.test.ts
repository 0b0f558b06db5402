import { expect, test } from "bun:test";
import { createEventRing, type RingLimits } from "../../../src/feed/event-ring.ts";
import {
  type After,
  createFeedState,
  type FeedEffect,
  type FeedInput,
  feedMachine,
} from "../../../src/feed/feed.machine.ts";
import { anEvent } from "./an-event.ts";

const ANA = Symbol("ana");
const BEN = Symbol("ben");
const NAMES = new Map([
  [ANA, "ana"],
  [BEN, "ben"],
]);

/** A machine that tells its effects in words. */
function machine(limits: RingLimits = { events: 4, bytes: 1_000_000 }) {
  const state = createFeedState(createEventRing(limits));
  const step = feedMachine(state);
  const send = (input: FeedInput) => step(input).map(inWords);
  return {
    state,
    event: (...texts: string[]) => texts.flatMap((text) => send({ kind: "event", event: anEvent(text) })),
    twin: (text: string) => send({ kind: "event", event: anEvent(text, "twin") }),
    open: (reader: symbol, after: After = "now") =>
      send({ kind: "open", reader, filter: { kinds: new Set(["alarm"]) }, after }),
    want: (reader: symbol) => send({ kind: "want", reader }),
    quiet: (reader: symbol) => send({ kind: "quiet", reader }),
    close: (reader: symbol) => send({ kind: "close", reader }),
  };
}

function inWords(effect: FeedEffect): string {
  const who = NAMES.get(effect.reader);
  switch (effect.kind) {
    case "opened":
      return `${who} opened at ${effect.position}${effect.reset === undefined ? "" : `, ${effect.reset}`}`;
    case "deliver":
      return `${who} gets ${effect.events.map(({ text }) => text).join("")}`;
    case "heartbeat":
      return `${who} beat${effect.position === undefined ? "" : ` at ${effect.position}`}`;
    case "overrun":
      return `${who} overrun`;
  }
}

test("a new reader gets what comes, not what was", () => {
  const { event, open, want } = machine();
  event("a", "b");
  expect(open(ANA)).toEqual(["ana opened at 2"]);
  expect(want(ANA)).toEqual([]);
  expect(event("c")).toEqual(["ana gets c"]);
});

test("what comes while a reader has no room is delivered together once it has", () => {
  const { event, open, want } = machine();
  open(ANA);
  expect(event("a", "b")).toEqual([]);
  expect(want(ANA)).toEqual(["ana gets ab"]);
  expect(want(ANA)).toEqual([]);
  expect(event("c", "d")).toEqual(["ana gets c"]);
  expect(want(ANA)).toEqual(["ana gets d"]);
});

test("what is not selected is passed over", () => {
  const { event, twin, open, want } = machine();
  open(ANA);
  want(ANA);
  expect(twin("x")).toEqual([]);
  expect(event("a")).toEqual(["ana gets a"]);
  twin("y");
  event("b");
  twin("z");
  expect(want(ANA)).toEqual(["ana gets b"]);
});

test.each<[After, string]>([
  [6, "ana opened at 6"],
  [5, "ana opened at 5"],
  [2, "ana opened at 2"],
  [1, "ana opened at 6, expired"],
  [0, "ana opened at 6, expired"],
  [7, "ana opened at 6, unknown"],
  ["lost", "ana opened at 6, unknown"],
  ["now", "ana opened at 6"],
])("of six events of which the last four are kept, resuming after %p: %s", (after, opened) => {
  const { event, open, want } = machine();
  event("1", "2", "3", "4", "5", "6");
  expect(open(ANA, after)).toEqual([opened]);
  const missed = "123456".slice(Number(/\d/.exec(opened)?.[0]));
  expect(want(ANA)).toEqual(missed === "" ? [] : [`ana gets ${missed}`]);
});

test("resuming where nothing ever happened is no reset", () => {
  const { open } = machine();
  expect(open(ANA, 0)).toEqual(["ana opened at 0"]);
});

test("a reader that is overtaken is out, and hears no more", () => {
  const { event, open, want, state } = machine();
  open(ANA);
  open(BEN);
  want(BEN);
  expect(event("1", "2", "3", "4")).toEqual(["ben gets 1"]);
  want(BEN);
  expect(event("5")).toEqual(["ana overrun"]);
  expect(want(ANA)).toEqual([]);
  expect(state.readers.size).toBe(1);
});

test("a reader is not overtaken by what it did not select", () => {
  const { event, twin, open, want } = machine();
  open(ANA);
  for (const text of "abcdefgh") expect(twin(text)).toEqual([]);
  event("1");
  expect(want(ANA)).toEqual(["ana gets 1"]);
});

test("a delivery has an end, however much is there", () => {
  const { event, open, want } = machine({ events: 100, bytes: 10_000_000 });
  open(ANA);
  const large = "x".repeat(40_000);
  event(large, large, "small");
  expect(want(ANA)).toEqual([`ana gets ${large}`]);
  expect(want(ANA)).toEqual([`ana gets ${large}small`]);
});

test("a heartbeat tells where to resume when that is further than the reader knows", () => {
  const { event, twin, open, want, quiet } = machine();
  open(ANA);
  want(ANA);
  expect(quiet(ANA)).toEqual(["ana beat"]);
  want(ANA);
  twin("x");
  twin("y");
  expect(quiet(ANA)).toEqual(["ana beat at 2"]);
  want(ANA);
  expect(quiet(ANA)).toEqual(["ana beat"]);
  event("a");
  expect(want(ANA)).toEqual(["ana gets a"]);
  want(ANA);
  expect(quiet(ANA)).toEqual(["ana beat"]);
});

test("a reader that does not wait gets no heartbeat", () => {
  const { open, quiet } = machine();
  open(ANA);
  expect(quiet(ANA)).toEqual([]);
});

test("a reader that closed gets nothing", () => {
  const { event, open, want, close, quiet, state } = machine();
  open(ANA);
  want(ANA);
  close(ANA);
  expect([...event("a"), ...want(ANA), ...quiet(ANA), ...close(ANA)]).toEqual([]);
  expect(state.readers.size).toBe(0);
});
