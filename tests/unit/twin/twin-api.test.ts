import { describe, expect, test } from "bun:test";
import type { Registration } from "../../../src/twin/twin.ts";
import { id, registryWorld } from "./registry-world.ts";

function registration(topic: string, rest: Partial<Registration> = {}): Registration {
  return { id: id(topic), type: "child-device", twin: {}, ...rest };
}

async function plant() {
  const world = registryWorld();
  for (const next of [
    registration("device/aa"),
    registration("device/a", { externalId: "A" }),
    registration("device/a/service/s", { type: "service" }),
    registration("device/b", { parent: id("device/a") }),
    registration("device/c", { parent: id("device/b") }),
  ]) {
    expect(await world.api.register(next)).toMatchObject({ ok: true });
  }
  world.effects();
  return world;
}

async function messageOf(result: Promise<{ readonly ok: boolean }>): Promise<string> {
  const { fault, ...rest } = (await result) as {
    readonly ok: boolean;
    readonly fault?: { code: string; message: string };
  };
  expect(rest.ok).toBe(false);
  return `${fault?.code}: ${fault?.message}`;
}

describe("register", () => {
  test("publishes the registration as it was asked, then its twin data, and is stored", async () => {
    const world = registryWorld();
    const asked = registration("device/p", { externalId: "P", twin: { name: "Pump", row: 1 } });
    expect(await world.api.register(asked)).toEqual({
      ok: true,
      value: { id: id("device/p"), type: "child-device", parent: id("device/main"), externalId: "P" },
    });
    const text = '{"@id":"P","@type":"child-device","name":"Pump","row":1}';
    expect(world.effects()).toEqual([
      `store device/p// ${text}`,
      `publish-registration device/p// ${text}`,
      'twin device/p///name "Pump"',
      "twin device/p///row 1",
    ]);
  });

  test("lets in what waited for it, with its twin data published", async () => {
    const world = registryWorld();
    world.receive("te/device/p/service/s", { "@type": "service", name: "S" });
    await world.api.register(registration("device/p"));
    expect(world.effects()).toContain('twin device/p/service/s/name "S"');
  });

  test.each([
    [
      "a known entity",
      registration("device/a"),
      "already-registered: An entity with topic id: device/a// is already registered",
    ],
    [
      "the main device",
      registration("device/main", { type: "device" }),
      "already-registered: An entity with topic id: device/main// is already registered",
    ],
    [
      "an unknown parent",
      registration("device/n", { parent: id("device/q") }),
      'refused: The specified parent "device/q//" does not exist in the entity store',
    ],
    [
      "an unknown device of the service",
      registration("device/q/service/s", { type: "service" }),
      'refused: The specified parent "device/q//" does not exist in the entity store',
    ],
    [
      "a service as parent",
      registration("device/n", { parent: id("device/a/service/s") }),
      "refused: Entity: 'device/a/service/s' can not be a parent of 'device/n//' because it is a service. Only devices can be parents",
    ],
    [
      "a device as health endpoint",
      registration("device/n", { health: id("device/a") }),
      "refused: Entity: 'device/a//' can not be a health endpoint of 'device/n//' because it is not a service. Only services can be health endpoints",
    ],
    [
      "a twin key that makes no topic",
      registration("device/n", { twin: { "a/b": 1 } }),
      "refused: Invalid twin key: 'a/b'. Keys that are empty, containing '/' or starting with '@' are not allowed",
    ],
    [
      "a second device",
      registration("gw", { type: "device" }),
      "refused: Entity: 'gw///' can not be of type 'device' because there is a main device. Use 'child-device'",
    ],
    [
      "the external id of another",
      registration("device/n", { externalId: "A" }),
      "refused: The external id 'A' of device/n// is already used by device/a//",
    ],
  ])("is refused with %s", async (_what, asked, text) => {
    const world = await plant();
    const before = world.api.list({});
    expect(await messageOf(world.api.register(asked))).toBe(text);
    expect(world.effects().filter((line) => !line.startsWith("refused"))).toEqual([]);
    expect(world.api.list({})).toEqual(before);
  });

  test("a health endpoint that does not exist yet is fine, since it belongs to the new device", async () => {
    const world = registryWorld();
    const asked = registration("device/p", { health: id("device/p/service/agent") });
    expect(await world.api.register(asked)).toMatchObject({ ok: true });
  });
});

describe("list", () => {
  test("is breadth first, children in byte order", async () => {
    const world = await plant();
    const ids = (query: Parameters<typeof world.api.list>[0]) => world.api.list(query).map((entity) => `${entity.id}`);
    expect(ids({})).toEqual([
      "device/main//",
      "device/a//",
      "device/aa//",
      "device/a/service/s",
      "device/b//",
      "device/c//",
    ]);
    expect(ids({ root: id("device/a") })).toEqual(["device/a//", "device/a/service/s", "device/b//", "device/c//"]);
    expect(ids({ parent: id("device/a") })).toEqual(["device/a/service/s", "device/b//"]);
    expect(ids({ type: "service" })).toEqual(["device/a/service/s"]);
    expect(ids({ root: id("device/zz") })).toEqual([]);
    expect(ids({ parent: id("device/c") })).toEqual([]);
  });

  test("the services of a device come before a device whose name begins with its name", async () => {
    const world = registryWorld();
    for (const topic of ["device/aa", "device/a/service/s", "device/a"]) {
      await world.api.register(registration(topic, { parent: id("device/main") }));
    }
    expect(world.api.list({ parent: id("device/main") }).map((entity) => `${entity.id}`)).toEqual([
      "device/a//",
      "device/a/service/s",
      "device/aa//",
    ]);
  });
});

describe("update", () => {
  test("publishes the registration without twin data, stores it with them, and moves the entity", async () => {
    const world = registryWorld();
    await world.api.register(registration("device/p"));
    await world.api.register(registration("device/c", { externalId: "C", twin: { name: "Child" } }));
    world.effects();
    expect(await world.api.update(id("device/c"), { parent: id("device/p") })).toEqual({
      ok: true,
      value: { id: id("device/c"), type: "child-device", parent: id("device/p"), externalId: "C" },
    });
    expect(world.effects()).toEqual([
      'store device/c// {"@id":"C","@parent":"device/p//","@type":"child-device","name":"Child"}',
      'publish-registration device/c// {"@id":"C","@parent":"device/p//","@type":"child-device"}',
    ]);
    expect(world.api.list({ parent: id("device/p") }).map((entity) => entity.id)).toEqual([id("device/c")]);
  });

  test("that changes nothing is published all the same, and not stored", async () => {
    const world = await plant();
    await world.api.update(id("device/aa"), {});
    expect(world.effects()).toEqual([
      'publish-registration device/aa// {"@parent":"device/main//","@type":"child-device"}',
    ]);
  });

  test("gives the main device a health endpoint", async () => {
    const world = await plant();
    expect(await world.api.update(id("device/main"), { health: id("device/a/service/s") })).toMatchObject({ ok: true });
    const text = '{"@health":"device/a/service/s","@type":"device"}';
    expect(world.effects()).toEqual([`store device/main// ${text}`, `publish-registration device/main// ${text}`]);
  });

  test.each([
    ["device/a", { parent: id("device/a") }, "refused: Entity: 'device/a//' can not be its own parent"],
    ["device/main", { parent: id("device/main") }, "refused: Entity: 'device/main//' can not be its own parent"],
    ["device/main", { parent: id("device/q") }, "refused: The parent of main device can not be updated"],
    [
      "device/zz",
      { parent: id("device/q") },
      'refused: The specified parent "device/q//" does not exist in the entity store',
    ],
    [
      "device/zz",
      { parent: id("device/a/service/s") },
      "refused: Entity: 'device/a/service/s' can not be a parent of 'device/zz//' because it is a service. Only devices can be parents",
    ],
    [
      "device/a",
      { parent: id("device/c") },
      "refused: Entity: 'device/c//' can not be a parent of 'device/a//' because 'device/c//' is a descendent of 'device/a//'",
    ],
    [
      "device/zz",
      { parent: id("device/a") },
      "unknown-entity: The specified entity: device/zz// does not exist in the entity store",
    ],
    [
      "device/zz",
      { health: id("device/q") },
      "unknown-entity: The specified entity: device/zz// does not exist in the entity store",
    ],
    ["device/zz", {}, "unknown-entity: The specified entity: device/zz// does not exist in the entity store"],
    [
      "device/aa",
      { parent: id("device/a"), health: id("device/q") },
      "refused: The specified health endpoint: device/q// does not exist in the entity store",
    ],
    [
      "device/aa",
      { health: id("device/b") },
      "refused: Entity: 'device/b//' can not be a health endpoint of 'device/aa//' because it is not a service. Only services can be health endpoints",
    ],
  ])("%s with %j is refused whole", async (topic, patch, text) => {
    const world = await plant();
    const before = world.api.list({});
    expect(await messageOf(world.api.update(id(topic), patch))).toBe(text);
    expect(world.api.list({})).toEqual(before);
  });
});

describe("twin fragments", () => {
  const b = id("device/b");

  test("are published only when they change", async () => {
    const world = await plant();
    expect(await world.api.setFragment(b, "row", { n: 1, m: [2] })).toEqual({ ok: true, value: { n: 1, m: [2] } });
    expect(world.effects()).toEqual(['twin device/b///row {"n":1,"m":[2]}']);
    await world.api.setFragment(b, "row", { m: [2], n: 1 });
    expect(world.effects()).toEqual([]);
    expect(await world.api.setFragment(b, "row", null)).toEqual({ ok: true, value: null });
    expect(world.effects()).toEqual(["twin device/b///row null"]);
    expect(await world.api.removeFragment(b, "row")).toEqual({ ok: true, value: undefined });
    expect(world.effects()).toEqual([]);
  });

  test("replaced as a whole: those that go come first, unchanged ones are not published, nulls are absent", async () => {
    const world = await plant();
    for (const key of ["keep", "go", "change"]) await world.api.setFragment(b, key, 1);
    world.effects();
    const replaced = await world.api.replaceFragments(b, { change: 2, keep: 1, fresh: 3, none: null });
    expect(replaced).toEqual({ ok: true, value: { change: 2, keep: 1, fresh: 3 } });
    expect(world.effects()).toEqual(["twin device/b///go null", "twin device/b///change 2", "twin device/b///fresh 3"]);
    expect(world.api.fragments(b)).toEqual({ ok: true, value: { change: 2, fresh: 3, keep: 1 } });
    expect(await world.api.removeFragments(b)).toMatchObject({ ok: true });
    expect(world.api.fragments(b)).toEqual({ ok: true, value: {} });
  });

  test("with a key that makes no topic are refused before the entity is looked at, and nothing changes", async () => {
    const world = await plant();
    const text = (key: string) =>
      `refused: Invalid twin key: '${key}'. Keys that are empty, containing '/' or starting with '@' are not allowed`;
    expect(await messageOf(world.api.setFragment(id("device/zz"), "@x", 1))).toBe(text("@x"));
    expect(await messageOf(world.api.removeFragment(b, "a+"))).toBe(text("a+"));
    expect(await messageOf(world.api.replaceFragments(b, { good: 1, "#": 2 }))).toBe(text("#"));
    expect(world.api.fragments(b)).toEqual({ ok: true, value: {} });
  });

  test("of an unknown entity are told so", async () => {
    const world = await plant();
    const zz = id("device/zz");
    const text = "unknown-entity: The specified entity: device/zz// does not exist in the entity store";
    expect(await messageOf(world.api.setFragment(zz, "a", 1))).toBe(text);
    expect(await messageOf(world.api.removeFragments(zz))).toBe(text);
    expect(await messageOf(Promise.resolve(world.api.fragments(zz)))).toBe(text);
    expect(await messageOf(Promise.resolve(world.api.exposedConfig(zz)))).toBe(text);
    expect(await messageOf(Promise.resolve(world.api.fragment(zz, "a")))).toBe(
      "unknown-fragment: Entity twin data for entity: device/zz// with fragment key: a not found",
    );
  });

  test("a key named like a prototype is a key like any other", async () => {
    const world = await plant();
    await world.api.setFragment(b, "__proto__", { a: 1 });
    expect(world.effects()).toEqual(['twin device/b///__proto__ {"a":1}']);
    expect(world.api.fragment(b, "__proto__")).toEqual({ ok: true, value: { a: 1 } });
  });
});

describe("exposed configuration", () => {
  test("is what the entity exposes, replaced whole, kept when what comes is unsound, and gone when cleared", async () => {
    const world = await plant();
    const service = id("device/a/service/s");
    const topic = "te/device/a/service/s/config";
    expect(world.api.exposedConfig(service)).toEqual({ ok: true, value: {} });
    world.receive(topic, { "mqtt.port": 1883, old: true });
    world.receive(topic, { "mqtt.port": 8883 });
    for (const unsound of ["[]", "7", "no json", '{"":1}', '{"@a":1}', '{"a/b":1,"c":2}']) {
      expect(world.receive(topic, unsound)[0]).toStartWith("flaw ");
    }
    world.receive("te/device/a/service/s", { "@type": "service", extra: 1 });
    expect(world.api.exposedConfig(service)).toEqual({ ok: true, value: { "mqtt.port": 8883 } });
    world.receive(topic, "");
    expect(world.api.exposedConfig(service)).toEqual({ ok: true, value: {} });
  });
});
