import { describe, expect, test } from "bun:test";
import { parseRegistration } from "../../../src/bus/payload/registration.ts";
import type { Arrival } from "../../../src/twin/arrival.ts";
import { describe as describeEffects, id, registryWorld } from "./registry-world.ts";

const CHILD = { "@type": "child-device" };

function stored(topic: string, payload: object, removedKeys: readonly string[] = []): Arrival {
  const text = JSON.stringify(payload);
  const parsed = parseRegistration(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return { id: id(topic), payload: parsed.value, text, origin: "journal", removedKeys: new Set(removedKeys) };
}

function restarted(...arrivals: Arrival[]) {
  const world = registryWorld({ settled: false });
  const effects = describeEffects(world.step({ kind: "restored", arrivals, removed: [], unannounced: [] }));
  const connected = (sessionPresent: boolean, first = true) =>
    describeEffects(world.step({ kind: "connected", connection: { sessionPresent, first } }));
  return { ...world, restoring: effects, connected };
}

function twinOnly(effects: readonly string[]): string[] {
  return effects.filter((line) => line.startsWith("twin"));
}

describe("a restart", () => {
  test("E: publishes nothing for what was stored, and takes re-delivered registrations for what they are", () => {
    const world = restarted(
      stored("device/a", { ...CHILD, name: "A" }),
      stored("device/a/service/s", { "@type": "service" }),
    );
    expect(world.restoring).toEqual([]);
    world.connected(true);
    expect(world.receive("te/device/a//", { ...CHILD, name: "A" }, "retained")).toEqual([]);
    expect(world.receive("te/device/a/service/s", { "@type": "service" }, "retained")).toEqual([]);
    expect(world.receive("te/device/a///twin/name", '"B"', "retained")).toEqual([]);
    expect(world.receive("te/device/a///m/t", "{}")).toEqual([]);
    expect(world.silence()).toEqual([]);
    expect(world.api.fragment(id("device/a"), "name")).toEqual({ ok: true, value: "B" });
  });

  test("restores whoever comes before its parent, and lets wait whoever has none", () => {
    const world = restarted(
      stored("device/c", { ...CHILD, "@parent": "device/b" }),
      stored("device/b", CHILD),
      stored("device/lost", { ...CHILD, "@parent": "gw" }),
    );
    expect(world.restoring).toEqual(["pending device/c//", "pending device/lost//"]);
    expect(world.api.get(id("device/c"))?.parent).toBe(id("device/b"));
    world.receive("te/gw///", { "@type": "device" }, "retained");
    expect(world.api.get(id("device/lost"))?.parent).toBe(id("gw"));
  });

  test("does not bring back a fragment that was taken away after the registration", () => {
    const world = restarted(stored("device/a", { ...CHILD, name: "A", row: 1 }, ["name"]));
    world.connected(true);
    expect(world.receive("te/device/a//", { ...CHILD, name: "A", row: 1 }, "retained")).toEqual([]);
    expect(world.silence()).toEqual([]);
    expect(world.api.fragments(id("device/a"))).toEqual({ ok: true, value: { row: 1 } });
  });

  test.each(["before", "after"])(
    "a live value that comes %s the re-delivered registration wins over the initial one",
    (order) => {
      const world = restarted(stored("device/a", { ...CHILD, row: 3 }));
      world.connected(true);
      if (order === "before") world.receive("te/device/a///twin/row", 4, "retained");
      world.receive("te/device/a//", { ...CHILD, row: 3 }, "retained");
      if (order === "after") world.receive("te/device/a///twin/row", 4, "retained");
      expect(world.silence()).toEqual([]);
      expect(world.api.fragment(id("device/a"), "row")).toEqual({ ok: true, value: 4 });
    },
  );

  test("a registration that differs from the stored one is news, and all its twin data are published", () => {
    const world = restarted(stored("device/a", { ...CHILD, row: 3 }));
    world.connected(true);
    const effects = world.receive("te/device/a//", { ...CHILD, "@id": "A", row: 3 }, "retained");
    expect(effects).toEqual(['store device/a// {"@type":"child-device","@id":"A","row":3}', "twin device/a///row 3"]);
  });

  test("a delivery repeated after a crash says nothing new", () => {
    const world = restarted(stored("device/a", { ...CHILD, row: 3 }));
    world.receive("te/device/a///twin/row", 4, "retained");
    expect(world.receive("te/device/a//", { ...CHILD, row: 3 }, "again")).toEqual([]);
    expect(world.api.fragment(id("device/a"), "row")).toEqual({ ok: true, value: 4 });
  });

  test("of stored registrations, unsound ones are dropped, and an external id that is taken, with a word", () => {
    const world = restarted(
      stored("device/a", { ...CHILD, "@id": "X" }),
      stored("device/b", { ...CHILD, "@id": "X" }),
      stored("device/c", { ...CHILD, "@parent": "device/c" }),
    );
    expect(world.restoring).toEqual(["external-id-dropped device/b//", "refused device/c// own-parent"]);
  });
});

describe("a clean start", () => {
  test.each(["before", "after"])(
    "a live value that comes %s the registration wins, what has none is published",
    (order) => {
      const world = restarted();
      world.connected(true);
      if (order === "before") world.receive("te/device/a///twin/row", 4, "retained");
      expect(twinOnly(world.receive("te/device/a//", { ...CHILD, name: "A", row: 3 }, "retained"))).toEqual([]);
      if (order === "after") world.receive("te/device/a///twin/row", 4, "retained");
      expect(twinOnly(world.silence())).toEqual(['twin device/a///name "A"']);
      expect(world.api.fragments(id("device/a"))).toEqual({ ok: true, value: { name: "A", row: 4 } });
    },
  );

  test("a fragment cleared before the registration is in is not published, one set again is not either", () => {
    const world = restarted();
    world.receive("te/device/a//", { ...CHILD, name: "A", row: 3 }, "retained");
    world.receive("te/device/a///twin/name", "");
    world.receive("te/device/a///twin/row", 5);
    expect(twinOnly(world.silence())).toEqual([]);
    expect(world.api.fragments(id("device/a"))).toEqual({ ok: true, value: { row: 5 } });
  });

  test("nobody is registered automatically before the retained registrations are in", () => {
    const world = restarted();
    world.connected(false);
    expect(world.receive("te/device/a///status/health", "1", "retained")).toEqual([]);
    expect(world.receive("te/device/b///m/t", "{}")).toEqual([]);
    expect(world.receive("te/device/b///twin/name", '"B"')).toEqual([]);
    expect(world.receive("te/line/1///twin/name", '"L"')).toEqual([]);
    const own = { ...CHILD, "@id": "A", "@parent": "device/p" };
    world.receive("te/device/a//", own, "retained");
    world.receive("te/device/p//", CHILD, "retained");
    expect(world.silence().filter((line) => !line.startsWith("store"))).toEqual([
      'publish-registration device/b// {"@parent":"device/main//","@type":"child-device","name":"b"}',
      "data-of-unknown line/1//",
    ]);
    expect(world.api.get(id("device/a"))).toMatchObject({ externalId: "A", parent: id("device/p") });
    expect(world.api.fragments(id("device/b"))).toEqual({ ok: true, value: { name: "B" } });
  });

  test("entities come in any order and end the same", () => {
    const messages: [string, unknown][] = [
      ["te/device/p//", { ...CHILD, name: "P" }],
      ["te/device/c//", { ...CHILD, "@parent": "device/p", row: 1 }],
      ["te/device/c///twin/row", 2],
      ["te/device/c///config", { a: 1 }],
    ];
    const ends = new Set<string>();
    for (const order of permutations(messages)) {
      const world = restarted();
      const effects = order.flatMap(([topic, payload]) => world.receive(topic, payload, "retained"));
      effects.push(...world.silence());
      const c = id("device/c");
      ends.add(
        JSON.stringify([
          world.api.list({}),
          world.api.fragments(c),
          world.api.exposedConfig(c),
          twinOnly(effects).sort(),
        ]),
      );
    }
    expect(ends.size).toBe(1);
  });
});

describe("a broker that lost its state", () => {
  test("gets every registration and twin value that it did not send, parents first", () => {
    const world = restarted(
      stored("device/c", { ...CHILD, "@parent": "device/p", row: 1 }),
      stored("device/p", { ...CHILD, "@id": "P", name: "P" }),
      stored("device/q", CHILD),
    );
    world.connected(true);
    world.receive("te/device/c///twin/row", 2, "retained");
    world.receive("te/device/main///twin/agent", { name: "tebus" });
    world.silence();
    expect(world.connected(true, false)).toEqual([]);
    expect(world.connected(false, false)).toEqual([]);
    world.receive("te/device/q//", CHILD, "retained");
    expect(world.silence()).toEqual([
      'twin device/main///agent {"name":"tebus"}',
      'publish-registration device/p// {"@id":"P","@parent":"device/main//","@type":"child-device","name":"P"}',
      'twin device/p///name "P"',
      'publish-registration device/c// {"@parent":"device/p//","@type":"child-device","row":1}',
      "twin device/c///row 2",
    ]);
    expect(world.silence()).toEqual([]);
  });

  test("does not get what was removed, nor a fragment that was taken away", () => {
    const world = restarted(stored("device/a", CHILD), stored("device/b", { ...CHILD, name: "B" }));
    world.receive("te/device/a//", "");
    world.receive("te/device/b///twin/name", "");
    world.connected(false, false);
    expect(world.silence()).toEqual([
      'publish-registration device/b// {"@parent":"device/main//","@type":"child-device"}',
    ]);
  });

  test("a second root and its twin are its own affair", () => {
    const world = restarted();
    world.receive("te/gw///", { "@type": "device", name: "g" });
    world.connected(false, false);
    expect(world.silence()).toEqual([]);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}
