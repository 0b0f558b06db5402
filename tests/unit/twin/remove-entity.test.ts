import { describe, expect, test } from "bun:test";
import type { RegistryEffect } from "../../../src/twin/registry-effect.ts";
import { describe as describeEffects, id, registryWorld } from "./registry-world.ts";

/** Sequence D of spec/mqtt-api §18. */
function valveWorld() {
  const world = registryWorld();
  world.receive("te/device/valve2//", { "@type": "child-device" });
  world.receive("te/device/valve2/service/plc", { "@type": "service" });
  world.receive("te/device/valve2/service/plc/status/health", { status: "up" });
  world.receive("te/device/nozzle//", { "@type": "child-device", "@parent": "device/valve2//" });
  world.receive("te/device/nozzle///a/clog", { severity: "major" });
  world.receive("te/device/nozzle///twin/name", '"Nozzle"');
  return world;
}

const LEAVES_FIRST = ["device/valve2/service/plc", "device/nozzle//", "device/valve2//"];

describe("removal", () => {
  test("D: is stored, clears what is retained, and looks for more, leaves first", () => {
    const world = valveWorld();
    expect(world.receive("te/device/valve2//", "")).toEqual([
      ...LEAVES_FIRST.map((topic) => `store-removed ${topic}`),
      "clear device/nozzle///twin/name",
      `find-retained ${LEAVES_FIRST.join(" ")}`,
    ]);
    expect(world.api.list({}).map((entity) => entity.id)).toEqual([id("device/main")]);
  });

  test("D: over HTTP answers with the removed entities, parent first", async () => {
    const world = valveWorld();
    const removed = await world.api.remove(id("device/valve2"));
    expect(removed.ok && removed.value.map((entity) => `${entity.id}`)).toEqual([
      "device/valve2//",
      "device/nozzle//",
      "device/valve2/service/plc",
    ]);
  });

  test("clears the registrations when the look-up ended, and is over when the broker has them", () => {
    const world = valveWorld();
    world.receive("te/device/valve2//", "");
    const ids = LEAVES_FIRST.map((topic) => id(topic));
    const topics = [{ id: id("device/nozzle"), suffix: "/m/flow" }];
    expect(describeEffects(world.step({ kind: "retained-found", removal: 1, ids, topics }))).toEqual([
      "clear device/nozzle///m/flow",
      `clear-registrations ${LEAVES_FIRST.join(" ")}`,
    ]);
    expect(describeEffects(world.step({ kind: "cleared", removal: 1, ids }))).toEqual(
      LEAVES_FIRST.map((topic) => `store-cleared ${topic}`),
    );
    expect(describeEffects(world.step({ kind: "cleared", removal: 1, ids }))).toEqual([]);
  });

  test("leaves alone who was registered anew while the look-up ran", () => {
    const world = valveWorld();
    world.receive("te/device/valve2//", "");
    world.receive("te/device/nozzle//", { "@type": "child-device" });
    const topics = [{ id: id("device/nozzle"), suffix: "/m/flow" }];
    const ids = LEAVES_FIRST.map((topic) => id(topic));
    expect(describeEffects(world.step({ kind: "retained-found", removal: 1, ids, topics }))).toEqual([
      "clear-registrations device/valve2/service/plc device/valve2//",
    ]);
    expect(describeEffects(world.step({ kind: "cleared", removal: 1, ids }))).toEqual([
      "store-cleared device/valve2/service/plc",
      "store-cleared device/valve2//",
    ]);
  });

  test("clears twin data and configuration at once, without a look-up, and what was cleared meanwhile not", () => {
    const world = registryWorld();
    world.receive("te/device/x//", { "@type": "child-device", name: "X", row: 1 });
    world.receive("te/device/x///twin/row", "");
    world.receive("te/device/x///twin/site", "2");
    world.receive("te/device/x///config", "{}");
    const cleared = world.receive("te/device/x//", "").filter((line) => line.startsWith("clear "));
    expect(cleared).toEqual(["twin/name", "twin/site", "config"].map((suffix) => `clear device/x///${suffix}`));
  });

  test("of the main device is refused", async () => {
    const world = registryWorld();
    expect(world.receive("te/device/main//", "")).toEqual(["refused device/main// main-removal"]);
    expect(await world.api.remove(id("device/main"))).toMatchObject({ ok: false, fault: { code: "refused" } });
    expect(world.state.tree.size).toBe(1);
  });

  test("of an unknown entity does nothing", async () => {
    const world = registryWorld();
    expect(world.receive("te/device/x//", "")).toEqual([]);
    expect(await world.api.remove(id("device/x"))).toEqual({ ok: true, value: [] });
  });

  test("takes along what waits for a new parent of a removed entity, so that it does not come back", () => {
    const world = valveWorld();
    world.receive("te/device/nozzle//", { "@type": "child-device", "@parent": "device/later//" });
    world.receive("te/device/valve2//", "");
    world.receive("te/device/later//", { "@type": "child-device" });
    expect(world.api.get(id("device/nozzle"))).toBeUndefined();
  });

  test("later telemetry of a removed entity registers it again", () => {
    const world = valveWorld();
    world.receive("te/device/valve2//", "");
    world.receive("te/device/nozzle///m/t", "{}");
    expect(world.api.get(id("device/nozzle"))?.parent).toBe(id("device/main"));
  });
});

describe("a removal that an earlier process did not finish", () => {
  function restarted(): { world: ReturnType<typeof registryWorld>; effects: RegistryEffect[] } {
    const world = registryWorld({ settled: false });
    const removed = [id("device/nozzle"), id("device/valve2")];
    return { world, effects: world.step({ kind: "restored", arrivals: [], removed, unannounced: [] }) };
  }

  test("is gone on with: what the broker still retains is not taken in, but looked for", () => {
    const { world, effects } = restarted();
    expect(describeEffects(effects)).toEqual([]);
    expect(world.receive("te/device/valve2//", { "@type": "child-device" }, "retained")).toEqual([]);
    expect(world.receive("te/device/nozzle///twin/name", '"N"', "retained")).toEqual([]);
    expect(world.api.get(id("device/valve2"))).toBeUndefined();
    expect(world.silence()).toEqual(["find-retained device/nozzle// device/valve2//"]);
  });

  test("is given up for an entity that registered meanwhile", () => {
    const { world } = restarted();
    world.receive("te/device/nozzle//", { "@type": "child-device" });
    world.receive("te/device/nozzle///twin/name", '"N"', "retained");
    expect(world.silence()).toEqual(["find-retained device/valve2//"]);
    expect(world.api.fragment(id("device/nozzle"), "name")).toEqual({ ok: true, value: "N" });
  });
});
