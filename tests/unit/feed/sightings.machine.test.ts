import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  createSightingState,
  RECOVERY,
  RETRY,
  type SightingInput,
  type SightingLimits,
  sightingsMachine,
} from "../../../src/feed/sightings.machine.ts";

/** A machine that tells its effects in words. `print` stands for a payload of one byte. */
function observer(limits: SightingLimits = { topics: 100, bytes: 1_000 }) {
  const state = createSightingState(limits);
  const step = sightingsMachine(state);
  const send = (input: SightingInput): readonly string[] =>
    step(input).map((effect) => {
      if (effect.kind === "news") return `${effect.message.topic} is news`;
      if (effect.kind === "vanished") return `${effect.topic} vanished`;
      return effect.kind === "gap" ? "gap" : `read after ${effect.after}`;
    });
  const sight = (topic: string, print: number | undefined, dup = false) => {
    const payload = new Uint8Array(print === undefined ? 0 : 1);
    return { message: { topic, payload, qos: 1, retain: false, dup }, print } as const;
  };
  return {
    state,
    follow: () => send({ kind: "followed" }),
    connected: (first: boolean, sessionPresent: boolean) => send({ kind: "connected", first, sessionPresent }),
    published: (topic: string, print?: number) => send({ kind: "published", sight: sight(topic, print) }),
    repeated: (topic: string, print?: number) => send({ kind: "published", sight: sight(topic, print, true) }),
    retained: (...all: [string, number][]) =>
      all.flatMap(([topic, print]) => send({ kind: "retained", sight: sight(topic, print) })),
    read: (isComplete = true) => send({ kind: "read", isComplete }),
  };
}

/** Followed, with `a` and `b` retained. */
function settled(limits?: SightingLimits) {
  const made = observer(limits);
  made.follow();
  made.retained(["a", 1], ["b", 2]);
  made.read();
  return made;
}

test("nothing matters before somebody follows", () => {
  const { connected, published, retained, read, state } = observer();
  expect([...connected(true, false), ...published("a", 1), ...retained(["a", 1]), ...read()]).toEqual([]);
  expect(state.known.size).toBe(0);
});

test("what is retained is read at once when somebody follows, and not again for others", () => {
  const { follow } = observer();
  expect(follow()).toEqual(["read after 0"]);
  expect(follow()).toEqual([]);
});

describe("what is published", () => {
  test("is news, also when it says the same again", () => {
    const { published } = settled();
    expect(published("a", 1)).toEqual(["a is news"]);
    expect(published("c", 3)).toEqual(["c is news"]);
    expect(published("c", 3)).toEqual(["c is news"]);
  });

  test("and delivered a second time is no news, unless the first delivery was not seen", () => {
    const { published, repeated } = settled();
    published("c", 3);
    expect(repeated("c", 3)).toEqual([]);
    expect(repeated("c", 4)).toEqual(["c is news"]);
  });

  test("empty is news where something was, and nothing where nothing was", () => {
    const { published } = settled();
    expect(published("a")).toEqual(["a is news"]);
    expect(published("a")).toEqual([]);
    expect(published("x")).toEqual([]);
  });

  test("empty is news too as long as it is not known what was there", () => {
    const { follow, published, read } = observer();
    follow();
    expect(published("x")).toEqual(["x is news"]);
    read();
    expect(published("x")).toEqual([]);
  });
});

describe("what is retained", () => {
  test("when it is read for the first time is the present state, and no news", () => {
    const { follow, retained, read } = observer();
    follow();
    expect([...retained(["a", 1], ["b", 2]), ...read()]).toEqual([]);
  });

  test("and older than what was published meanwhile counts for nothing", () => {
    const { follow, published, retained, read, state } = observer();
    follow();
    published("a", 2);
    published("b");
    expect([...retained(["a", 1], ["b", 1]), ...read()]).toEqual([]);
    expect([...state.known]).toEqual([["a", 2]]);
  });

  test("is read from the beginning when the first connection comes after somebody followed", () => {
    const { follow, connected, retained, read } = observer();
    follow();
    expect(connected(true, false)).toEqual(["read after 0"]);
    expect([...retained(["a", 1]), ...read()]).toEqual([]);
  });

  test("without a reading being due is not looked at", () => {
    const { retained, read, state } = settled();
    expect([...retained(["c", 3]), ...read(), ...read(false)]).toEqual([]);
    expect(state.known.has("c")).toBe(false);
  });
});

describe.each([true, false])("after a reconnection, with a session that was kept: %p, what is retained", (isKept) => {
  function reconnected() {
    const made = settled();
    expect(made.connected(false, isKept)).toEqual([`read after ${RECOVERY}`]);
    return made;
  }

  test("and is what was known is no news", () => {
    const { retained, read } = reconnected();
    expect([...retained(["a", 1], ["b", 2]), ...read()]).toEqual([]);
  });

  test("and differs, or is new, is news: it was published while the agent was away", () => {
    const { retained, read } = reconnected();
    expect(retained(["a", 9], ["b", 2], ["c", 3])).toEqual([]);
    expect(read()).toEqual(["a is news", "c is news"]);
  });

  test("is no news where something was published before the reading ended", () => {
    const { published, retained, read } = reconnected();
    published("a", 5);
    retained(["a", 9], ["b", 9]);
    published("b", 5);
    expect(read()).toEqual([]);
  });

  test("no more has vanished, once", () => {
    const { published, connected, retained, read } = reconnected();
    retained(["b", 2]);
    expect(read()).toEqual(["a vanished"]);
    expect(published("a")).toEqual([]);
    connected(false, isKept);
    expect(read()).toEqual(["b vanished"]);
  });

  test("no more has not vanished when it is published again meanwhile", () => {
    const { published, read } = reconnected();
    published("a", 1);
    published("b", 2);
    expect(read()).toEqual([]);
  });

  test("and cannot be read leaves a gap, and is taken for the present state later", () => {
    const { retained, read } = reconnected();
    retained(["a", 9]);
    expect(read(false)).toEqual(["gap", `read after ${RETRY}`]);
    expect(read(false)).toEqual([`read after ${RETRY}`]);
    expect([...retained(["c", 3]), ...read()]).toEqual([]);
    expect(read()).toEqual([]);
  });

  test("and has changed more than can be held leaves a gap", () => {
    const { retained } = reconnected();
    const changed = Array.from({ length: 400 }, (_, index): [string, number] => [`t${index}`, 1]);
    expect(retained(...changed)).toEqual(["gap", `read after ${RETRY}`]);
  });

  test("is read anew after one more reconnection", () => {
    const { connected, retained, read } = reconnected();
    retained(["a", 9]);
    expect(connected(false, isKept)).toEqual([`read after ${RECOVERY}`]);
    retained(["a", 1], ["b", 2]);
    expect(read()).toEqual([]);
  });
});

describe("a session that is lost while it is not known what is retained", () => {
  test("leaves a gap", () => {
    const { follow, connected } = observer();
    follow();
    expect(connected(false, false)).toEqual(["gap", `read after ${RECOVERY}`]);
  });

  test("leaves none when the broker kept it", () => {
    const { follow, connected } = observer();
    follow();
    expect(connected(false, true)).toEqual([`read after ${RECOVERY}`]);
  });
});

describe("more topics than can be remembered", () => {
  test("make no comparison, but a gap", () => {
    const { follow, connected, retained, published, read, state } = observer({ topics: 2, bytes: 1_000 });
    follow();
    retained(["a", 1], ["b", 2], ["c", 3]);
    read();
    expect(state.known.size).toBe(2);
    expect(published("c")).toEqual(["c is news"]);
    expect(connected(false, false)).toEqual(["gap", `read after ${RECOVERY}`]);
  });

  test("that are published while a reading is due end it", () => {
    const { connected, published, state } = settled({ topics: 3, bytes: 1_000 });
    connected(false, true);
    for (const topic of ["c", "d", "e"]) published(topic, 1);
    expect(published("f", 1)).toEqual(["f is news", "gap", `read after ${RETRY}`]);
    expect(state.reading?.published.size).toBe(0);
  });
});

describe("whatever happens on the bus and to the broker", () => {
  const topic = fc.constantFrom("a", "b", "c");
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("publish" as const), topic, value: fc.option(fc.nat(2)) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("away" as const, "kept" as const, "lost" as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("begin" as const, "take" as const, "end" as const) }) },
  );

  test("who replays the news since a reset has what the broker retains, and no news changes nothing by what is retained", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const retained = new Map<string, number>();
        const replayed = new Map<string, number>();
        const { follow, connected, published, retained: found, read } = observer();
        let isHere = true;
        let missed: [string, number | undefined][] = [];
        /** What the reading has still to bring. */
        let reading: [string, number][] | undefined;

        const replay = (told: readonly string[], values: ReadonlyMap<string, number | undefined>) => {
          for (const one of told) {
            const [name = "", what] = one.split(" ");
            const value = values.get(name);
            if (one.includes("read after")) reading = undefined;
            if (what === "vanished" || (what === "is" && value === undefined)) replayed.delete(name);
            else if (what === "is" && value !== undefined) replayed.set(name, value);
            else if (one === "gap") {
              // The client reads the state.
              replayed.clear();
              for (const [at, held] of retained) replayed.set(at, held);
            }
          }
        };
        const hear = (name: string, value: number | undefined) =>
          replay(published(name, value), new Map([[name, value]]));
        const take = () => {
          const next = reading?.shift();
          if (next !== undefined) replay(found(next), new Map());
        };
        const end = () => {
          if (reading === undefined) return;
          while (reading.length > 0) take();
          replay(read(), retained);
          reading = undefined;
        };
        const reconnect = (isKept: boolean) => {
          if (isHere) return;
          isHere = true;
          replay(connected(false, isKept), retained);
          for (const [name, value] of isKept ? missed : []) hear(name, value);
          missed = [];
        };

        follow();
        for (const step of actions) {
          if (step.kind === "publish") {
            const value = step.value ?? undefined;
            if (value === undefined) retained.delete(step.topic);
            else retained.set(step.topic, value);
            if (isHere) hear(step.topic, value);
            else missed.push([step.topic, value]);
          } else if (step.kind === "away") {
            isHere = false;
            reading = undefined;
          } else if (step.kind === "begin" && isHere) reading ??= [...retained];
          else if (step.kind === "take") take();
          else if (step.kind === "end") end();
          else reconnect(step.kind === "kept");
        }
        reconnect(true);
        reading = [...retained];
        end();
        expect([...replayed].sort()).toEqual([...retained].sort());
      }),
      { numRuns: 2_000 },
    );
  });
});
