import { describe, expect, test } from "bun:test";
import { id, registryWorld } from "./registry-world.ts";

const AUTO_X = '{"@parent":"device/main//","@type":"child-device","name":"x"}';
const AUTO_S = '{"@parent":"device/x//","@type":"service","name":"s"}';

function published(effects: readonly string[]): string[] {
  return effects.filter((line) => !line.startsWith("store"));
}

describe("data of an unknown entity", () => {
  test.each([
    "m/",
    "m/t",
    "m/t/meta",
    "e/t",
    "e/t/meta",
    "a/t",
    "a/t/meta",
    "cmd/restart",
    "status/health",
    "status/x",
  ])("%s registers a child device, whatever the payload", (channel) => {
    const world = registryWorld();
    expect(world.receive(`te/device/x///${channel}`, "no json")).toEqual([
      `store device/x// ${AUTO_X}`,
      `publish-registration device/x// ${AUTO_X}`,
      'twin device/x///name "x"',
    ]);
  });

  test.each(["cmd/restart/1", "cmd/health/check", "signal/sync", "foo/bar", "m/a/b"])(
    "%s registers nothing",
    (channel) => {
      const world = registryWorld();
      expect(world.receive(`te/device/x///${channel}`, "{}")).toEqual([]);
      expect(world.api.get(id("device/x"))).toBeUndefined();
    },
  );

  test("an empty payload registers nothing", () => {
    const world = registryWorld();
    for (const channel of ["m/t", "a/t", "twin/name", "config", "status/health"]) {
      expect(world.receive(`te/device/x///${channel}`, "")).toEqual([]);
      expect(world.receive(`te/device/x///${channel}`, "\0")).toEqual([]);
    }
    expect(world.state.tree.size).toBe(1);
  });

  test("of a service registers its device first", () => {
    const world = registryWorld();
    expect(published(world.receive("te/device/x/service/s/m/t", "{}"))).toEqual([
      `publish-registration device/x// ${AUTO_X}`,
      'twin device/x///name "x"',
      `publish-registration device/x/service/s ${AUTO_S}`,
      'twin device/x/service/s/name "s"',
    ]);
  });

  test("of a service of a known device registers only the service", () => {
    const world = registryWorld();
    expect(published(world.receive("te/device/main/service/s/status/health", "1"))).toEqual([
      'publish-registration device/main/service/s {"@parent":"device/main//","@type":"service","name":"s"}',
      'twin device/main/service/s/name "s"',
    ]);
  });

  test.each(["plant/x//", "device///", "device/main//x", "device/x/service/", "device//service/s", "device/x/other/s"])(
    "%s is not of the default scheme and stays unknown",
    (topic) => {
      const world = registryWorld();
      expect(world.receive(`te/${topic}/m/t`, "{}")).toEqual([]);
      expect(world.receive(`te/${topic}/twin/a`, "1")).toEqual([`data-of-unknown ${topic}`]);
      expect(world.state.tree.size).toBe(1);
    },
  );

  test("is not registered when that is switched off", () => {
    const world = registryWorld({ autoRegister: false });
    expect(world.receive("te/device/x///m/t", "{}")).toEqual([]);
    expect(world.receive("te/device/x///config", "{}")).toEqual(["data-of-unknown device/x//"]);
    expect(world.state.tree.size).toBe(1);
  });

  test("as twin data is in the twin afterwards, and wins over the automatic name", () => {
    const world = registryWorld();
    expect(world.receive("te/device/x///twin/name", '"Valve"').filter((line) => line.startsWith("twin"))).toEqual([]);
    expect(world.api.fragments(id("device/x"))).toEqual({ ok: true, value: { name: "Valve" } });
  });

  test("that is malformed still registers its source, and is told", () => {
    const world = registryWorld();
    const effects = world.receive("te/device/x///twin/name", "Valve");
    expect(effects[0]).toStartWith("flaw Failed to process entity data message: ");
    expect(world.api.fragments(id("device/x"))).toEqual({ ok: true, value: { name: "x" } });
  });

  test("does nothing to a known entity", () => {
    const world = registryWorld();
    world.receive("te/device/x//", { "@type": "child-device" });
    expect(world.receive("te/device/x///m/t", "{}")).toEqual([]);
  });
});

describe("data of an entity that waits for its parent", () => {
  test("A: the health of a child's agent registers the child, which lets the agent in with its own registration", () => {
    const world = registryWorld();
    const agent = { "@type": "service", "@parent": "device/valve2//", name: "tedge-agent", type: "service" };
    expect(world.receive("te/device/valve2/service/tedge-agent", agent)).toEqual([
      "pending device/valve2/service/tedge-agent",
    ]);
    const health = world.receive("te/device/valve2/service/tedge-agent/status/health", { status: "up" });
    expect(published(health)).toEqual([
      'publish-registration device/valve2// {"@parent":"device/main//","@type":"child-device","name":"valve2"}',
      'twin device/valve2///name "valve2"',
      "ensure-retained device/valve2/service/tedge-agent",
      'twin device/valve2/service/tedge-agent/name "tedge-agent"',
      'twin device/valve2/service/tedge-agent/type "service"',
    ]);
    expect(world.receive("te/device/valve2///cmd/restart", "{}")).toEqual([]);
  });

  test("B: without automatic registration nothing happens until the child registers", () => {
    const world = registryWorld({ autoRegister: false });
    world.receive("te/device/valve2/service/tedge-agent", { "@type": "service", name: "tedge-agent", type: "service" });
    expect(world.receive("te/device/valve2/service/tedge-agent/status/health", { status: "up" })).toEqual([]);
    const effects = world.receive("te/device/valve2//", { "@type": "child-device" });
    expect(effects.filter((line) => line.startsWith("twin"))).toEqual([
      'twin device/valve2/service/tedge-agent/name "tedge-agent"',
      'twin device/valve2/service/tedge-agent/type "service"',
    ]);
  });

  test("registers the device that is missing, over several pending ones, and never overwrites a registration that was given", () => {
    const world = registryWorld();
    world.receive("te/device/c//", { "@type": "child-device", "@parent": "device/b//", "@id": "C" });
    world.receive("te/device/b//", { "@type": "child-device", "@parent": "device/x//" });
    const effects = world.receive("te/device/c///m/t", "{}");
    expect(effects.filter((line) => line.startsWith("publish-registration"))).toEqual([
      `publish-registration device/x// ${AUTO_X}`,
    ]);
    expect(world.api.get(id("device/c"))).toMatchObject({ parent: id("device/b"), externalId: "C" });
  });

  test("cannot register a missing parent of a custom scheme, so the entity goes on waiting", () => {
    const world = registryWorld();
    world.receive("te/device/c//", { "@type": "child-device", "@parent": "line/1//" });
    expect(world.receive("te/device/c///m/t", "{}")).toEqual([]);
    expect(world.receive("te/device/c/service/s/m/t", "{}")).toEqual([]);
    world.receive("te/line/1//", { "@type": "child-device" });
    expect(world.api.get(id("device/c"))?.parent).toBe(id("line/1"));
  });

  test("two that wait for each other go on waiting", () => {
    const world = registryWorld();
    world.receive("te/device/a//", { "@type": "child-device", "@parent": "device/b//" });
    world.receive("te/device/b//", { "@type": "child-device", "@parent": "device/a//" });
    expect(world.receive("te/device/a///m/t", "{}")).toEqual([]);
    expect(world.state.tree.size).toBe(1);
  });
});

describe("C: a registration updated, worked sequence", () => {
  test("goes as the specification says", () => {
    const world = registryWorld();
    const twin = (topic: string, payload: unknown) =>
      world.receive(topic, payload).filter((line) => line.startsWith("twin"));
    const first = { "@type": "child-device", "@id": "V2", name: "Valve", rack: 3 };
    const third = { "@type": "child-device", name: "Valve" };
    const valve = id("device/valve2");
    expect(twin("te/device/valve2//", first)).toEqual([
      'twin device/valve2///name "Valve"',
      "twin device/valve2///rack 3",
    ]);
    expect(world.receive("te/device/valve2///twin/rack", 4)).toEqual([]);
    expect(world.api.fragment(valve, "rack")).toEqual({ ok: true, value: 4 });
    expect(twin("te/device/valve2//", third)).toEqual(['twin device/valve2///name "Valve"']);
    expect(world.api.get(valve)?.externalId).toBeUndefined();
    expect(world.api.fragment(valve, "rack")).toEqual({ ok: true, value: 4 });
    expect(world.receive("te/device/valve2//", third)).toEqual([]);
    expect(twin("te/device/valve2//", first)).toEqual([
      'twin device/valve2///name "Valve"',
      "twin device/valve2///rack 3",
    ]);
  });
});
