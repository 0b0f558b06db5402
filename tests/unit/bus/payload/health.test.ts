import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { deviceId, MAIN_DEVICE, serviceId } from "../../../../src/bus/entity-id.ts";
import { healthDown, healthUp, parseHealth } from "../../../../src/bus/payload/health.ts";

const SERVICE = serviceId(MAIN_DEVICE, "tedge-agent");
const BRIDGE = serviceId(MAIN_DEVICE, "mosquitto-c8y-bridge");
const NOW = 1_714_676_361_360;

describe("the health that a service tells", () => {
  test("has its process id and the time in seconds, or as RFC 3339", () => {
    expect(healthUp(1234, NOW, "unix")).toBe('{"pid":1234,"status":"up","time":1714676361.36}');
    expect(healthUp(1234, NOW, "rfc-3339")).toBe('{"pid":1234,"status":"up","time":"2024-05-02T18:59:21.36Z"}');
  });

  test("has no time when it is down", () => {
    expect(healthDown(1234)).toBe('{"pid":1234,"status":"down"}');
  });

  test("is understood by whoever reads it", () => {
    expect(parseHealth(SERVICE, healthUp(1, NOW, "unix"))).toEqual({ status: "up", pid: 1, time: NOW });
    expect(parseHealth(SERVICE, healthUp(1, NOW, "rfc-3339"))).toEqual({ status: "up", pid: 1, time: NOW });
    expect(parseHealth(SERVICE, healthDown(1))).toEqual({ status: "down", pid: 1 });
  });
});

describe("the health of another service", () => {
  test.each([
    ['{"status":"up"}', { status: "up" }],
    ['{"status":"degraded","more":[]}', { status: "degraded" }],
    ['{"status":"up","time":1714676361.0}', { status: "up", time: 1_714_676_361_000 }],
    ['{"status":"up","time":"2024-05-02T18:59:21.361066Z"}', { status: "up", time: NOW + 1 }],
    ['{"status":"up","pid":"7","time":true}', { status: "up" }],
    ['{"status":"up","pid":-1,"time":"yesterday"}', { status: "up" }],
    ['{"status":""}', { status: "unknown" }],
    ['{"status":1,"pid":7}', { status: "unknown", pid: 7 }],
    ["{}", { status: "unknown" }],
    ["[]", { status: "unknown" }],
    ["1", { status: "unknown" }],
    ["", { status: "unknown" }],
    [undefined, { status: "unknown" }],
  ])("%j is read as %j", (payload, health) => {
    expect(parseHealth(SERVICE, payload)).toEqual(health);
  });

  test.each([
    ["1", "up"],
    ["0", "down"],
    ["2", "unknown"],
    ["", "unknown"],
  ])("of a bridge of mosquitto %j is %s", (payload, status) => {
    expect(parseHealth(BRIDGE, payload)).toEqual({ status });
  });

  test("`1` means up for nothing but a bridge of mosquitto", () => {
    for (const name of ["mosquitto-bridge", "my-mosquitto-c8y-bridge", "mosquitto-c8y-bridge-2"]) {
      expect(parseHealth(serviceId(deviceId("x"), name), "1")).toEqual({ status: "unknown" });
    }
  });

  test("never makes the reader fail", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
        expect(parseHealth(SERVICE, payload).status).not.toBe("");
      }),
    );
  });
});
