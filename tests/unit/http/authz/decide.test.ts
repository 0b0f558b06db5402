import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decide, needsBody } from "../../../../src/http/authz/decide.ts";
import type { Family } from "../../../../src/http/authz/family.ts";
import type { Identity } from "../../../../src/http/authz/identity.ts";
import { parseRequestTarget } from "../../../../src/http/authz/request-target.ts";
import { familyOfPlant, id } from "./small-plant.ts";

const STORE = "/var/tedge/file-transfer";
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

const VALVE: Identity = { kind: "entity", id: id("device/valve//"), reads: ["firmware/valves"] };
const ROBOT: Identity = { kind: "entity", id: id("plant/hall/line/robot"), reads: [] };
const SERVICE: Identity = { kind: "entity", id: id("device/valve/service/plc"), reads: [] };

/** The reason of a refusal, or `allowed`. `target` is what stands in the request line. */
function ask(identity: Identity, method: string, target: string, body?: unknown, family = familyOfPlant()): string {
  const [path = "", query = ""] = target.split("?");
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const verdict = decide(identity, { method, target: parseRequestTarget(path, query, STORE), body: text }, family);
  return verdict.allowed ? "allowed" : verdict.reason;
}

/** The methods that are allowed on a target; what is posted would register somebody else. */
const methodsOn = (identity: Identity, target: string) =>
  METHODS.filter((method) => ask(identity, method, target, method === "POST" ? PUMP : "") === "allowed").join(" ");

const PUMP = { "@topic-id": "device/pump//", "@type": "child-device" };

const ALL = METHODS.join(" ");
const READ = "GET HEAD";

describe("a child device", () => {
  test.each([
    ["/te/v1/entities/device/valve", ALL],
    ["/te/v1/entities/device/valve//", ALL],
    ["/te/v1/entities/device/valve///twin", ALL],
    ["/te/v1/entities/device/valve///twin/name", ALL],
    ["/te/v1/entities/device/valve///events", ALL],
    ["/te/v1/entities/device/valve/service/plc", ALL],
    ["/te/v1/entities/device/valve/service/plc/config/mqtt.client.host", ALL],
    ["/te/v1/entities/device/valve/service/not-yet", ALL],
    ["/te/v1/entities/device/nozzle//", ALL],
    ["/te/v1/entities/device/nozzle/service/app/twin/name", ALL],
    ["/te/v1/entities/device%2Fvalve%2F%2F", ALL],
    ["/te/v1/entities?root=device/valve//", READ],
    ["/te/v1/entities?parent=device/valve", READ],
    ["/te/v1/entities?root=device/nozzle//&type=service", READ],
    ["/te/v1/events?root=device/valve//", READ],
    ["/te/v1/events?root=device/nozzle&type=alarm", READ],
    ["/te/v1/openapi.json", READ],
    ["/te/v1/asyncapi.json", READ],
    ["/te/v1/files/valve/config_snapshot/plc:main-1", ALL],
    ["/te/v1/files/valve/log_upload/a-1", ALL],
    ["/te/v1/files/V-1/config_update/plc-1", ALL],
    ["/te/v1/files/gw-7:device:valve/config_update/plc-1", ALL],
    ["/te/v1/files/device:valve/x", ALL],
    ["/te/v1/files/nozzle/x", ALL],
    ["/te/v1/files/N-1/x", ALL],
    ["/te/v1/files/gw-7:device:valve:service:plc/x", ALL],
    ["/tedge/file-transfer/valve/x", ALL],
    ["/te/v1/files/pump/../valve/x", ALL],
    ["/te/v1/files//var/tedge/file-transfer/valve/x", ALL],
    ["/te/v1/files/firmware/valves/1.2.bin", READ],
    ["/te/v1/files/firmware/valves", READ],
  ])("%s: %s", (target, methods) => {
    expect(methodsOn(VALVE, target)).toBe(methods);
  });

  test.each([
    "/te/v1/entities",
    "/te/v1/entities?type=service",
    "/te/v1/entities?root=",
    "/te/v1/entities?root=device/main//",
    "/te/v1/entities?parent=device/main//",
    "/te/v1/entities?root=device/pump//",
    "/te/v1/entities/device/main//",
    "/te/v1/entities/device/main///twin",
    "/te/v1/entities/device/main/service/tedge-agent/config",
    "/te/v1/entities/device/pump//",
    "/te/v1/entities/device/pump/service/plc",
    "/te/v1/entities/device/valves//",
    "/te/v1/entities/device/unknown//",
    "/te/v1/entities/device/VALVE//",
    "/te/v1/entities/plant/hall/line/robot",
    "/te/v1/entities/device%2Fpump%2F%2F",
    "/te/v1/entities/device/valve%2F..%2Fpump//",
    "/te/v1/entities/",
    "/te/v1/entities/device",
    "/te/v1/entities/device/valve///unknown-channel",
    "/te/v1/entities/device/valve///events/x",
    "/te/v1/entities/+/+/+/+",
    "/te/v1/events",
    "/te/v1/events?root=",
    "/te/v1/events?root=device/main//",
    "/te/v1/events/",
    "/te/v1/files",
    "/te/v1/files/",
    "/te/v1/files/valve",
    "/te/v1/files/valve/",
    "/te/v1/files/other",
    "/te/v1/files/pump/x",
    "/te/v1/files/P-1/x",
    "/te/v1/files/main/x",
    "/te/v1/files/gw-7/x",
    "/te/v1/files/gw-7:device:pump/x",
    "/te/v1/files/gw-7:plant:hall:line:robot/x",
    "/te/v1/files/valve/../pump/x",
    "/te/v1/files/valve/%2e%2e/pump/x",
    "/te/v1/files/valve%2F..%2Fpump%2Fx",
    "/te/v1/files/valve/..%2f..%2f..%2fetc/passwd",
    "/te/v1/files//etc/passwd",
    "/te/v1/files//var/tedge/file-transfer/pump/x",
    "/te/v1/files/%2Fvar%2Ftedge%2Ffile-transfer%2Fpump%2Fx",
    "/te/v1/files/valve%00/x",
    "/te/v1/files/valve%ff/x",
    "/te/v1/files/unknown/x",
    "/te/v1/files/firmware/pumps/1.bin",
    "/te/v1/files/firmware/valves-old/1.bin",
    "/te/v1/files/firmware/valves/../pumps/1.bin",
    "/te/v1/files/firmware",
    "/tedge/file-transfer/pump/x",
    "/tedge/file-transfer/valve/../pump/x",
    "/tedge/file-transfer/",
    "/te/v1//entities/device/valve//",
    "//te/v1/entities/device/valve//",
    "/TE/v1/entities/device/valve//",
    "/te/v1/entities%2Fdevice/valve//",
    "/te/v1/files%2Fvalve/x",
    "/te/v2/entities/device/valve//",
    "/",
    "/metrics",
    "/c8y/inventory",
  ])("%s is refused whatever the method", (target) => {
    expect(methodsOn(VALVE, target)).toBe("");
    expect(ask(VALVE, "GET", target)).toStartWith("The token of device/valve// does not allow this: ");
  });

  test("what may be read cannot be written", () => {
    expect(ask(VALVE, "PUT", "/te/v1/files/firmware/valves/1.2.bin")).not.toBe("allowed");
    expect(ask(VALVE, "DELETE", "/te/v1/files/firmware/valves/1.2.bin")).not.toBe("allowed");
  });

  test("a refused list says what to ask for instead", () => {
    expect(ask(VALVE, "GET", "/te/v1/entities")).toEndWith("ask for ?root=device/valve//");
  });
});

describe("whom a child device registers", () => {
  const register = (entity: Record<string, string>, family?: Family) =>
    ask(VALVE, "POST", "/te/v1/entities", { "@type": "child-device", ...entity }, family) === "allowed";

  test("itself, below whichever parent, and services of its own", () => {
    expect(register({ "@topic-id": "device/valve//" })).toBe(true);
    expect(register({ "@topic-id": "device/valve", "@parent": "device/pump//" })).toBe(true);
    expect(register({ "@topic-id": "device/valve/service/new", "@type": "service" })).toBe(true);
    expect(register({ "@topic-id": "device/valve/service/new", "@parent": "device/nozzle//" })).toBe(true);
  });

  test("nobody else: whoever registers a device first would have its rights", () => {
    expect(register({ "@topic-id": "device/new//", "@parent": "device/valve//" })).toBe(false);
    expect(register({ "@topic-id": "device/pump//" })).toBe(false);
    expect(register({ "@topic-id": "device/pump/service/new" })).toBe(false);
    expect(register({ "@topic-id": "device/main//" })).toBe(false);
  });

  test("with what belongs to somebody else neither as parent of a service nor as health endpoint", () => {
    expect(register({ "@topic-id": "device/valve/service/new", "@parent": "device/pump//" })).toBe(false);
    expect(register({ "@topic-id": "device/valve//", "@health": "device/pump/service/plc" })).toBe(false);
    expect(register({ "@topic-id": "device/valve//", "@health": "device/valve/service/plc" })).toBe(true);
  });

  test("a body that the route cannot read either is left to the route", () => {
    for (const body of ["", "{", "[]", '{"@topic-id":1}', '{"@type":"service"}']) {
      expect(ask(VALVE, "POST", "/te/v1/entities", body)).toBe("allowed");
      expect(ask(VALVE, "PATCH", "/te/v1/entities/device/valve//", body)).toBe("allowed");
    }
  });
});

describe("where a child device moves entities", () => {
  const move = (entity: string, patch: Record<string, string>) =>
    ask(VALVE, "PATCH", `/te/v1/entities/${entity}`, patch) === "allowed";

  test("among what belongs to it", () => {
    expect(move("device/nozzle//", { "@parent": "device/valve//" })).toBe(true);
    expect(move("device/valve//", { "@health": "device/valve/service/plc" })).toBe(true);
  });

  test("neither itself nor others to somebody else", () => {
    expect(move("device/valve//", { "@parent": "device/pump//" })).toBe(false);
    expect(move("device/nozzle//", { "@parent": "device/main//" })).toBe(false);
    expect(move("device/valve//", { "@health": "device/pump/service/plc" })).toBe(false);
    expect(move("device/pump//", { "@parent": "device/valve//" })).toBe(false);
  });

  test("only where the body says it is the body looked at", () => {
    const target = (path: string) => parseRequestTarget(path, "", STORE);
    expect(needsBody("PATCH", target("/te/v1/entities/device/valve//"))).toBe(true);
    expect(needsBody("POST", target("/te/v1/entities"))).toBe(true);
    expect(needsBody("PUT", target("/te/v1/entities/device/valve///twin/x"))).toBe(false);
    expect(needsBody("PATCH", target("/te/v1/entities/device/valve///twin/x"))).toBe(false);
    expect(needsBody("PUT", target("/te/v1/files/valve/x"))).toBe(false);
  });
});

describe("folders", () => {
  test("an entity of a custom scheme has its topic id with colons, and its external id", () => {
    for (const folder of ["plant:hall:line:robot", "gw-7:plant:hall:line:robot", "R-1", "plant:hall:line:arm"]) {
      expect(ask(ROBOT, "PUT", `/te/v1/files/${folder}/x`)).toBe("allowed");
    }
    for (const folder of ["plant", "robot", "valve", "plant:hall:line", "plant:hall:line:robot:x"]) {
      expect(ask(ROBOT, "PUT", `/te/v1/files/${folder}/x`)).not.toBe("allowed");
    }
  });

  test("the name of a device wins over the external id that somebody else took", () => {
    const family: Family = { ...familyOfPlant(), findBelow: () => id("device/valve//") };
    expect(ask(VALVE, "GET", "/te/v1/files/anything/x", undefined, family)).toBe("allowed");
    for (const folder of ["pump", "main", "gw-7", "gw-7:device:pump", "plant:hall:line:robot"]) {
      expect(ask(VALVE, "GET", `/te/v1/files/${folder}/x`, undefined, family)).not.toBe("allowed");
    }
  });

  test("also when that device has a token and has not registered yet", () => {
    const family: Family = { ...familyOfPlant(["device/later//"]), findBelow: () => id("device/valve//") };
    expect(ask(VALVE, "GET", "/te/v1/files/later/x", undefined, family)).not.toBe("allowed");
    expect(ask(VALVE, "GET", "/te/v1/files/gw-7:device:later/x", undefined, family)).not.toBe("allowed");
  });

  test("a device has its folder before it registers", () => {
    const early: Identity = { kind: "entity", id: id("device/early//"), reads: [] };
    expect(ask(early, "PUT", "/te/v1/files/early/x")).toBe("allowed");
    expect(ask(early, "PUT", "/te/v1/entities/device/early///twin/x")).toBe("allowed");
    expect(ask(early, "PUT", "/te/v1/files/valve/x")).not.toBe("allowed");
  });

  test("a service has no rights of its device", () => {
    expect(ask(SERVICE, "GET", "/te/v1/entities/device/valve/service/plc")).toBe("allowed");
    expect(ask(SERVICE, "GET", "/te/v1/entities/device/valve//")).not.toBe("allowed");
    expect(ask(SERVICE, "GET", "/te/v1/files/valve/x")).not.toBe("allowed");
  });
});

test("the gateway may do everything", () => {
  fc.assert(
    fc.property(fc.constantFrom(...METHODS), fc.string(), (method, path) => {
      expect(ask({ kind: "gateway" }, method, `/${path}`)).toBe("allowed");
    }),
  );
});

test("a tree that goes round in circles is left", () => {
  const family: Family = { ...familyOfPlant(), parentOf: (of) => id(of === "a///" ? "b///" : "a///") };
  expect(ask(VALVE, "GET", "/te/v1/entities/a///", undefined, family)).not.toBe("allowed");
});
