import { describe, expect, test } from "bun:test";
import { id, registryWorld } from "./registry-world.ts";

const CHILD = { "@type": "child-device" };
const SERVICE = { "@type": "service" };

/** A world in which these are registered: topic id to registration. */
function worldWith(registrations: Record<string, object>) {
  const world = registryWorld();
  for (const [topic, payload] of Object.entries(registrations)) world.receive(`te/${topic}`, payload);
  return world;
}

describe("a registration over MQTT", () => {
  test("enters the tree, is stored as it came, and publishes its twin data", () => {
    const world = registryWorld();
    const text = '{"@type":"child-device","name":"Pump 7","site":{"row":2}}';
    expect(world.receive("te/device/pump7//", text)).toEqual([
      `store device/pump7// ${text}`,
      "ensure-retained device/pump7//",
      'twin device/pump7///name "Pump 7"',
      'twin device/pump7///site {"row":2}',
    ]);
    expect(world.api.get(id("device/pump7"))).toEqual({
      id: id("device/pump7"),
      type: "child-device",
      parent: id("device/main"),
    });
    expect(world.api.fragments(id("device/pump7"))).toEqual({ ok: true, value: { name: "Pump 7", site: { row: 2 } } });
  });

  test("that changes nothing does nothing", () => {
    const world = worldWith({ "device/a//": { ...CHILD, name: "A" } });
    expect(world.receive("te/device/a//", { ...CHILD, name: "A" })).toEqual([]);
    expect(world.receive("te/device/a//", { "@parent": "device/main", ...CHILD })).toEqual([]);
  });

  test("that changes anything publishes all its twin data again", () => {
    const world = worldWith({ "device/a//": { ...CHILD, name: "A", row: 1 } });
    expect(world.receive("te/device/a//", { ...CHILD, name: "A", row: 2 }).slice(2)).toEqual([
      'twin device/a///name "A"',
      "twin device/a///row 2",
    ]);
  });

  test("with twin data that the twin has from elsewhere is only remembered, so that a restart does not take it for news", () => {
    const world = worldWith({ "device/a//": CHILD });
    world.receive("te/device/a///twin/row", 1);
    const text = '{"@type":"child-device","row":1}';
    expect(world.receive("te/device/a//", text)).toEqual([`store device/a// ${text}`]);
    world.receive("te/device/a///twin/row", 2);
    expect(world.receive("te/device/a//", text, "retained")).toEqual([]);
  });

  test("merges twin data, and erases an absent external id, health and parent", () => {
    const world = worldWith({
      "device/a//": CHILD,
      "device/b//": { ...CHILD, "@parent": "device/a//", "@id": "B", "@health": "device/b/service/h", old: 1 },
    });
    world.receive("te/device/b//", { ...CHILD, fresh: 2 });
    expect(world.api.get(id("device/b"))).toEqual({
      id: id("device/b"),
      type: "child-device",
      parent: id("device/main"),
    });
    expect(world.api.fragments(id("device/b"))).toEqual({ ok: true, value: { fresh: 2, old: 1 } });
  });

  test("a null fragment takes the fragment away", () => {
    const world = worldWith({ "device/a//": { ...CHILD, row: 1 } });
    expect(world.receive("te/device/a//", { ...CHILD, row: null }).slice(2)).toEqual(["twin device/a///row null"]);
    expect(world.api.fragments(id("device/a"))).toEqual({ ok: true, value: {} });
  });

  test("twin keys that make no topic are skipped with a warning, the rest is accepted", () => {
    const world = registryWorld();
    const effects = world.receive("te/device/a//", { ...CHILD, "@foo": 1, "a/b": 2, "c+": 3, "#": 4, "": 5, good: 6 });
    expect(effects.filter((line) => line.startsWith("key-skipped"))).toEqual(
      ["@foo", "a/b", "c+", "#", ""].map((key) => `key-skipped device/a// ${key}`),
    );
    expect(world.api.fragments(id("device/a"))).toEqual({ ok: true, value: { good: 6 } });
  });

  test("that cannot be read is told and changes nothing", () => {
    const world = worldWith({ "device/a//": CHILD });
    expect(world.receive("te/device/a//", '{"@type":"pump"}')).toEqual([
      "flaw Failed to parse message on device/a// as an entity registration message: unknown variant `pump`, expected one of `device`, `child-device`, `service`",
    ]);
    expect(world.api.get(id("device/a"))?.type).toBe("child-device");
  });

  test("of the main device publishes its twin data like any other", () => {
    const world = registryWorld();
    expect(world.receive("te/device/main//", { "@type": "device", name: "gw" }).slice(2)).toEqual([
      'twin device/main///name "gw"',
    ]);
  });

  test("of another device makes a second root that is neither stored nor published, nor listed below the main device", () => {
    const world = registryWorld();
    expect(world.receive("te/gw///", { "@type": "device", "@parent": "device/main//", name: "g" })).toEqual([]);
    expect(world.api.list({}).map((entity) => entity.id)).toEqual([id("device/main")]);
    expect(world.api.list({ root: id("gw") })).toEqual([{ id: id("gw"), type: "device" }]);
  });
});

describe("the parent of a registration", () => {
  test.each([
    ["device/x//", CHILD, "device/main//"],
    ["device/x/service/y", CHILD, "device/main//"],
    ["device/p/service/s", SERVICE, "device/p//"],
    ["device/x//", SERVICE, "device/main//"],
    ["plant1/hallB/line3/robot4", CHILD, "device/main//"],
    ["plant1/hallB/line3/robot4", SERVICE, "device/main//"],
    ["plant1/hallB/line3/robot4", { ...SERVICE, "@parent": "device/p" }, "device/p//"],
  ])("%s registered as %j belongs to %s", (topic, payload, parent) => {
    const world = worldWith({ "device/p//": CHILD });
    world.receive(`te/${topic}`, payload);
    expect(world.api.get(id(topic))?.parent).toBe(id(parent));
  });
});

describe("a registration is refused and nothing changes", () => {
  const tree = {
    "device/a//": { ...CHILD, "@id": "A" },
    "device/b//": { ...CHILD, "@parent": "device/a//" },
    "device/c//": { ...CHILD, "@parent": "device/b//" },
    "device/a/service/s": SERVICE,
  };

  test.each([
    ["when it is its own parent", "device/a//", { ...CHILD, "@parent": "device/a" }, "own-parent"],
    ["when an unknown entity is its own parent", "device/new//", { ...CHILD, "@parent": "device/new" }, "own-parent"],
    [
      "when it gives the main device a parent",
      "device/main//",
      { "@type": "device", "@parent": "device/a" },
      "main-parent",
    ],
    ["when the parent is a service", "device/b//", { ...CHILD, "@parent": "device/a/service/s" }, "service-parent"],
    ["when the parent is below it", "device/a//", { ...CHILD, "@parent": "device/c//" }, "descendant-parent"],
    ["when the type changes", "device/a//", SERVICE, "type-changed"],
    ["when the main device becomes a child", "device/main//", CHILD, "type-changed"],
    ["when the external id changes", "device/a//", { ...CHILD, "@id": "Z" }, "external-id-changed"],
    ["when another entity has the external id", "device/b//", { ...CHILD, "@id": "A" }, "external-id-taken"],
  ])("%s", (_when, topic, payload, refusal) => {
    const world = worldWith(tree);
    const before = world.api.list({});
    expect(world.receive(`te/${topic}`, { ...payload, extra: 1 })).toEqual([`refused ${topic} ${refusal}`]);
    expect(world.api.list({})).toEqual(before);
    expect(world.api.fragment(id(topic), "extra").ok).toBe(false);
  });

  test("an external id is free again when its owner gave it up or is gone", () => {
    const world = worldWith(tree);
    world.receive("te/device/a//", CHILD);
    world.receive("te/device/b//", { ...CHILD, "@id": "A" });
    expect(world.api.get(id("device/b"))?.externalId).toBe("A");
    world.receive("te/device/b//", "");
    world.receive("te/device/z//", { ...CHILD, "@id": "A" });
    expect(world.api.get(id("device/z"))?.externalId).toBe("A");
  });
});

describe("re-parenting", () => {
  test("takes the entity out of its old parent's children, so that it survives the removal of that parent", () => {
    const world = worldWith({
      "device/a//": CHILD,
      "device/b//": CHILD,
      "device/c//": { ...CHILD, "@parent": "device/a//" },
    });
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/b//" });
    expect(world.api.list({ parent: id("device/a") })).toEqual([]);
    world.receive("te/device/a//", "");
    expect(world.api.get(id("device/c"))?.parent).toBe(id("device/b"));
  });
});

describe("a registration whose parent is unknown", () => {
  test("waits, invisibly and not stored", () => {
    const world = registryWorld();
    expect(world.receive("te/device/c//", { ...CHILD, "@parent": "device/p//", name: "C" })).toEqual([
      "pending device/c//",
    ]);
    expect(world.api.get(id("device/c"))).toBeUndefined();
  });

  test("of a service without parent waits for the device of its topic", () => {
    const world = registryWorld();
    expect(world.receive("te/device/x/service/s", SERVICE)).toEqual(["pending device/x/service/s"]);
    world.receive("te/device/x//", CHILD);
    expect(world.api.get(id("device/x/service/s"))?.parent).toBe(id("device/x"));
  });

  test("is let in with everything below it, each child before the next, in order of arrival", () => {
    const world = registryWorld();
    world.receive("te/device/c2//", { ...CHILD, "@parent": "device/p//" });
    world.receive("te/device/g1//", { ...CHILD, "@parent": "device/c2//" });
    world.receive("te/device/c1//", { ...CHILD, "@parent": "device/p//" });
    world.receive("te/device/g2//", { ...CHILD, "@parent": "device/c1//", row: 1 });
    const effects = world.receive("te/device/p//", CHILD);
    expect(
      effects.filter((line) => !line.startsWith("ensure")).map((line) => line.split(" ").slice(0, 2).join(" ")),
    ).toEqual([
      "store device/p//",
      "store device/c2//",
      "store device/g1//",
      "store device/c1//",
      "store device/g2//",
      "twin device/g2///row",
    ]);
  });

  test("is replaced by a later one of the same entity", () => {
    const world = registryWorld();
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/p//", name: "old" });
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/q//", name: "new" });
    world.receive("te/device/p//", CHILD);
    expect(world.api.get(id("device/c"))).toBeUndefined();
    world.receive("te/device/q//", CHILD);
    expect(world.api.fragment(id("device/c"), "name")).toEqual({ ok: true, value: "new" });
  });

  test("of a known entity leaves that as it is until the parent comes", () => {
    const world = worldWith({ "device/c//": CHILD });
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/p//" });
    expect(world.api.get(id("device/c"))?.parent).toBe(id("device/main"));
    world.receive("te/device/p//", CHILD);
    expect(world.api.get(id("device/c"))?.parent).toBe(id("device/p"));
  });

  test("is refused when the parent turns out to be a service", () => {
    const world = registryWorld();
    world.receive("te/device/c//", { ...CHILD, "@parent": "plc/x/y/z" });
    expect(world.receive("te/plc/x/y/z", SERVICE).at(-1)).toBe("refused device/c// service-parent");
  });

  test("is forgotten when it is taken back, and what is retained of it is cleared", () => {
    const world = registryWorld({ autoRegister: false });
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/p//" });
    world.receive("te/device/c///twin/row", 1);
    world.receive("te/device/c///status/health", "1");
    expect(world.receive("te/device/c//", "")).toEqual([
      "store-removed device/c//",
      "clear device/c///twin/row",
      "find-retained device/c//",
    ]);
    world.receive("te/device/p//", CHILD);
    expect(world.api.get(id("device/c"))).toBeUndefined();
  });

  test("keeps the twin data that come meanwhile, which are newer", () => {
    const world = registryWorld({ autoRegister: false });
    world.receive("te/device/c//", { ...CHILD, "@parent": "device/p//", name: "C", row: 1 });
    world.receive("te/device/c///twin/row", 2);
    world.receive("te/device/c///config", { a: 1 });
    expect(world.receive("te/device/p//", CHILD).filter((line) => line.startsWith("twin"))).toEqual([
      'twin device/c///name "C"',
    ]);
    expect(world.api.fragments(id("device/c"))).toEqual({ ok: true, value: { name: "C", row: 2 } });
    expect(world.api.exposedConfig(id("device/c"))).toEqual({ ok: true, value: { a: 1 } });
  });

  test("is refused with a word when too many wait", () => {
    const world = registryWorld();
    for (let n = 0; n < 10_000; n += 1) world.receive(`te/device/c${n}//`, { ...CHILD, "@parent": "device/p//" });
    expect(world.receive("te/device/one-more//", { ...CHILD, "@parent": "device/p//" })).toEqual([
      "refused device/one-more// too-many-pending",
    ]);
    world.receive("te/device/p//", CHILD);
    expect(world.state.tree.size).toBe(10_002);
  });

  test("a chain of 10,000 nested entities, deepest first, is let in without running out of stack", () => {
    const world = registryWorld();
    for (let n = 9_999; n >= 1; n -= 1)
      world.receive(`te/device/d${n}//`, { ...CHILD, "@parent": `device/d${n - 1}//` });
    world.receive("te/device/d0//", CHILD);
    expect(world.state.tree.size).toBe(10_001);
    world.receive("te/device/d0//", "");
    expect(world.state.tree.size).toBe(1);
  });
});
