import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSightingState, type SightingInput, sightingsMachine } from "../../../src/feed/sightings.machine.ts";

interface Flags {
  readonly retain?: boolean;
  readonly dup?: boolean;
}

function observer(limit = 100) {
  const state = createSightingState(limit);
  const step = sightingsMachine(state);
  const send = (input: SightingInput) =>
    step(input).flatMap((effect) =>
      effect.kind === "await-silence" ? [] : [effect.kind === "news" ? "news" : `${effect.topic} vanished`],
    );
  const message = (topic: string, fingerprint: number | undefined, { retain = false, dup = false }: Flags = {}) =>
    send({ kind: "message", topic, fingerprint, retain, dup });
  const connected = (first: boolean, sessionPresent: boolean) => send({ kind: "connected", first, sessionPresent });
  return { state, message, connected, silence: () => send({ kind: "silence" }) };
}

/** Connected for the first time, with `a` and `b` retained. */
function settled() {
  const made = observer();
  made.connected(true, false);
  made.message("a", 1, { retain: true });
  made.message("b", 2, { retain: true });
  made.silence();
  return made;
}

const RETAINED = { retain: true };
const REPEATED = { dup: true };

describe("what is published", () => {
  test("is news, also when it says the same again", () => {
    const { message } = settled();
    expect(message("a", 1)).toEqual(["news"]);
    expect(message("c", 3)).toEqual(["news"]);
    expect(message("c", 3)).toEqual(["news"]);
  });

  test("and delivered a second time is no news, unless the first delivery was not seen", () => {
    const { message } = settled();
    message("c", 3);
    expect(message("c", 3, REPEATED)).toEqual([]);
    expect(message("c", 4, REPEATED)).toEqual(["news"]);
  });

  test("empty is news where something was, and nothing where nothing was", () => {
    const { message } = settled();
    expect(message("a", undefined)).toEqual(["news"]);
    expect(message("a", undefined)).toEqual([]);
    expect(message("x", undefined)).toEqual([]);
  });
});

describe("what is retained", () => {
  test("when the agent starts is the present state, and no news", () => {
    const { connected, message, silence } = observer();
    expect(message("early", 1, RETAINED)).toEqual([]);
    expect(connected(true, false)).toEqual([]);
    expect([...message("a", 1, RETAINED), ...message("b", 2, RETAINED), ...silence()]).toEqual([]);
  });

  test("is no news either when the broker still had the agent's session", () => {
    const { connected, message, silence } = observer();
    connected(true, true);
    expect([...message("a", 1, RETAINED), ...silence()]).toEqual([]);
  });

  test("while that comes in, what is published is news", () => {
    const { connected, message, silence } = observer();
    connected(true, false);
    expect(message("a", 1, RETAINED)).toEqual([]);
    expect(message("a", 2)).toEqual(["news"]);
    expect(message("a", undefined)).toEqual(["news"]);
    expect(silence()).toEqual([]);
  });

  test("after a broker came back without sessions is no news where it is what was known", () => {
    const { connected, message, silence } = settled();
    connected(false, false);
    expect([...message("a", 1, RETAINED), ...message("b", 2, RETAINED), ...silence()]).toEqual([]);
  });

  test("and differs, or is new, is news: it was published while the agent was away", () => {
    const { connected, message, silence } = settled();
    connected(false, false);
    expect(message("a", 9, RETAINED)).toEqual(["news"]);
    expect(message("c", 3, RETAINED)).toEqual(["news"]);
    message("b", 2, RETAINED);
    expect(silence()).toEqual([]);
  });

  test("may come before the connection is told of", () => {
    const { connected, message, silence } = settled();
    expect(message("a", 1, RETAINED)).toEqual([]);
    connected(false, false);
    message("b", 2, RETAINED);
    expect(silence()).toEqual([]);
  });

  test("and does not come any more has vanished, once", () => {
    const { connected, message, silence } = settled();
    connected(false, false);
    message("b", 2, RETAINED);
    expect(silence()).toEqual(["a vanished"]);
    expect(silence()).toEqual([]);
    expect(message("a", undefined)).toEqual([]);
    connected(false, false);
    expect(silence()).toEqual(["b vanished"]);
  });

  test("has not vanished when it is published meanwhile", () => {
    const { connected, message, silence } = settled();
    connected(false, false);
    message("a", 5);
    message("b", 6);
    expect(silence()).toEqual([]);
  });

  test("has not vanished while the broker kept the session: it does not send it again then", () => {
    const { connected, message, silence } = settled();
    connected(false, true);
    message("a", 1, RETAINED);
    expect(silence()).toEqual([]);
  });
});

test("what is beyond the limit of topics is told rather than lost", () => {
  const { connected, message, silence, state } = observer(2);
  connected(true, false);
  for (const topic of ["a", "b", "c"]) message(topic, 1, RETAINED);
  silence();
  expect(state.known.size).toBe(2);
  expect(message("c", undefined)).toEqual(["news"]);
  connected(false, false);
  for (const topic of ["a", "b"]) expect(message(topic, 1, RETAINED)).toEqual([]);
  expect(message("c", 1, RETAINED)).toEqual(["news"]);
  expect(silence()).toEqual([]);
});

describe("whatever happens on the bus and to the broker", () => {
  const topic = fc.constantFrom("a", "b", "c");
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("publish" as const), topic, value: fc.option(fc.nat(2)) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("away" as const, "back" as const, "lost" as const) }) },
  );

  test("who replays the news has what the broker retains, and no news changes nothing", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const { message, connected, silence } = observer();
        const retained = new Map<string, number>();
        const replayed = new Map<string, number>();
        const queued: [string, number | undefined][] = [];
        let state: "here" | "away" = "here";
        const hear = (name: string, value: number | undefined, flags: Flags) => {
          const news = message(name, value, flags);
          if (!news.includes("news")) return;
          expect(flags.retain !== true || replayed.get(name) !== value).toBe(true);
          if (value === undefined) replayed.delete(name);
          else replayed.set(name, value);
        };
        const reconnect = (sessionPresent: boolean) => {
          if (state === "here") return;
          state = "here";
          connected(false, sessionPresent);
          if (!sessionPresent) for (const [name, value] of retained) hear(name, value, RETAINED);
          for (const [name, value] of sessionPresent ? queued : []) hear(name, value, {});
          queued.length = 0;
          for (const gone of silence()) replayed.delete(gone.replace(" vanished", ""));
        };
        connected(true, false);
        silence();
        for (const step of actions) {
          if (step.kind === "publish") {
            const value = step.value ?? undefined;
            if (value === undefined) retained.delete(step.topic);
            else retained.set(step.topic, value);
            if (state === "here") hear(step.topic, value, {});
            else queued.push([step.topic, value]);
          } else if (step.kind === "away") state = "away";
          else reconnect(step.kind === "back");
        }
        reconnect(true);
        expect([...replayed].sort()).toEqual([...retained].sort());
      }),
      { numRuns: 1_000 },
    );
  });
});
