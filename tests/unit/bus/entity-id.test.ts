import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { defaultScheme, deviceId, entityIdOf, parseEntityId, serviceId } from "../../../src/bus/entity-id.ts";

describe("an entity topic id", () => {
  test.each([
    ["plc", "plc///"],
    ["plc/", "plc///"],
    ["plc//", "plc///"],
    ["plc///", "plc///"],
    ["device/pump7", "device/pump7//"],
    ["device/main/service/tedge-agent", "device/main/service/tedge-agent"],
    ["", "///"],
  ])("%j is completed to %j", (text, canonical) => {
    expect(parseEntityId(text)).toEqual({ ok: true, value: canonical as never });
  });

  test("of more than four segments is refused", () => {
    const parsed = parseEntityId("a/b/c/d/e");
    expect(parsed.ok ? undefined : parsed.fault).toEqual({
      code: "invalid-entity-id",
      message: "An entity topic identifier has at most 4 segments",
    });
  });

  test.each(["a/+", "a/#", "a\0b", "dev+ice/x", "device/\ud800", "device/a\n", "a\u{1fffe}", "a".repeat(4_097)])(
    "with what a topic cannot hold is refused: %j",
    (text) => {
      const parsed = parseEntityId(text);
      expect(parsed.ok ? undefined : parsed.fault.message).toBe(
        "An entity topic identifier must be a valid MQTT topic",
      );
    },
  );

  test("in canonical form has exactly three slashes and is read as itself", () => {
    const segment = fc.stringMatching(/^[a-z0-9 _-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const id = entityIdOf(segments);
        expect(id.split("/")).toHaveLength(4);
        expect(parseEntityId(id)).toEqual({ ok: true, value: id });
      }),
    );
  });
});

describe("the default scheme", () => {
  test("names devices and services", () => {
    expect(defaultScheme(deviceId("main"))).toEqual({ kind: "device", device: "main" });
    expect(defaultScheme(entityIdOf(["device", "x", "service", "s"]))).toEqual({
      kind: "service",
      device: "x",
      service: "s",
    });
  });

  test.each(["device///", "device/main//x", "device/x/service/", "device//service/s", "device/x/other/s", "plant/x//"])(
    "does not match %s",
    (text) => {
      expect(defaultScheme(entityIdOf(text.split("/")))).toBeUndefined();
    },
  );
});

test("a service of a device has the first two segments of the device", () => {
  expect(serviceId(deviceId("main"), "tedge-agent")).toBe(entityIdOf(["device", "main", "service", "tedge-agent"]));
  expect(serviceId(entityIdOf(["plant", "hall", "line", "robot"]), "s")).toBe(
    entityIdOf(["plant", "hall", "service", "s"]),
  );
});
