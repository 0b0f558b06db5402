import { describe, expect, test } from "bun:test";
import { MAIN_DEVICE } from "../../src/bus/entity-id.ts";
import type { TwinChange } from "../../src/twin/twin.ts";
import { id } from "../unit/twin/registry-world.ts";
import { TwinWorld } from "./twin-world.ts";

/** A world whose twin is watched from now on: what is heard, as short texts. */
function watch(world: TwinWorld): string[] {
  const heard: string[] = [];
  world.twin.watch((change) => heard.push(textOf(change)));
  return heard;
}

function textOf(change: TwinChange): string {
  switch (change.kind) {
    case "fragment":
      return `fragment ${change.id} ${change.key} ${JSON.stringify(change.value)}`;
    case "config":
      return `config ${change.id} ${JSON.stringify(change.config)}`;
    default:
      return `${change.kind} ${change.entity.id} of ${change.entity.parent}`;
  }
}

describe("a watcher of the twin hears", () => {
  test("what comes over MQTT: an entity before its data, and each change once", async () => {
    const world = new TwinWorld();
    await world.start();
    await world.settle();
    const heard = watch(world);
    world.publish("te/device/a//", { "@type": "child-device", name: "A" });
    world.publish("te/device/a//", { "@type": "child-device", name: "A" });
    world.publish("te/device/a///twin/name", '"A"');
    world.publish("te/device/a///twin/row", 1);
    world.publish("te/device/a///twin/row", "");
    world.publish("te/device/a///twin/row", "");
    world.publish("te/device/a///config", { port: 1 });
    world.publish("te/device/a///config", { port: 1 });
    world.publish("te/device/a///config", "");
    world.publish("te/device/a///m/t", { t: 1 }, { retain: false });
    await world.settle();
    expect(heard).toEqual([
      "registered device/a// of device/main//",
      'fragment device/a// name "A"',
      "fragment device/a// row 1",
      "fragment device/a// row undefined",
      'config device/a// {"port":1}',
      "config device/a// undefined",
    ]);
  });

  test("what is asked over HTTP by the time it is answered, and removals children first", async () => {
    const world = new TwinWorld();
    await world.start();
    await world.settle();
    const heard = watch(world);
    await world.twin.register({ id: id("device/a"), type: "child-device", twin: { row: 1 } });
    await world.twin.register({ id: id("device/b"), type: "child-device", parent: id("device/a"), twin: {} });
    await world.twin.update(id("device/b"), {});
    await world.twin.update(id("device/b"), { parent: MAIN_DEVICE });
    await world.twin.update(id("device/b"), { parent: id("device/a") });
    await world.twin.replaceFragments(id("device/a"), { row: 1, site: 2 });
    await world.twin.remove(id("device/a"));
    const expected = [
      "registered device/a// of device/main//",
      "fragment device/a// row 1",
      "registered device/b// of device/a//",
      "updated device/b// of device/main//",
      "updated device/b// of device/a//",
      "fragment device/a// site 2",
      "removed device/b// of device/a//",
      "removed device/a// of device/main//",
    ];
    expect(heard).toEqual(expected);
    await world.settle();
    expect(heard).toEqual(expected);
  });

  test("automatic registrations, and who waited for them", async () => {
    const world = new TwinWorld();
    await world.start();
    await world.settle();
    const heard = watch(world);
    world.publish("te/device/a/service/s", { "@type": "service", name: "S" });
    await world.settle();
    expect(heard).toEqual([]);
    world.publish("te/device/a///m/t", { t: 1 }, { retain: false });
    await world.settle();
    expect(heard).toEqual([
      "registered device/a// of device/main//",
      'fragment device/a// name "a"',
      "registered device/a/service/s of device/a//",
      'fragment device/a/service/s name "S"',
    ]);
  });

  test("nothing that a full disk refused", async () => {
    const world = new TwinWorld();
    await world.start();
    await world.settle();
    const heard = watch(world);
    world.disk.isFull = true;
    expect(await world.twin.register({ id: id("device/a"), type: "child-device", twin: {} })).toMatchObject({
      ok: false,
    });
    expect(heard).toEqual([]);
  });

  test("nothing of what a restart reads back, but what the broker knows more", async () => {
    const world = new TwinWorld();
    await world.start();
    world.publish("te/device/a//", { "@type": "child-device", name: "A" });
    world.publish("te/device/a///twin/row", 1);
    await world.settle();
    await world.stop();
    const heard: string[] = [];
    await world.start((twin) => void twin.watch((change) => heard.push(textOf(change))));
    await world.settle();
    expect(heard).toEqual(["fragment device/a// row 1"]);
  });
});
