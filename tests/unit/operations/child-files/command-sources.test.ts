import { describe, expect, test } from "bun:test";
import { deviceId, MAIN_DEVICE, parseEntityId } from "../../../../src/bus/entity-id.ts";
import { askForFiles } from "../../../../src/operations/child-files/ask-for-files.ts";
import { commandSources } from "../../../../src/operations/child-files/command-sources.ts";
import { exposedFolder } from "../../../../src/operations/child-files/exposed-folder.ts";

const URL = "http://a/f";

describe("the files of a command", () => {
  test.each([
    ["config_update", { type: "x/y", remoteUrl: URL }, [{ url: URL, name: "x:y-1" }]],
    ["config_update", { type: "t", tedgeUrl: `${URL}2`, remoteUrl: URL }, [{ url: `${URL}2`, name: "t-1" }]],
    ["config_update", { type: "t", tedgeUrl: "", remoteUrl: URL }, [{ url: URL, name: "t-1" }]],
    ["config_update", { type: "t", tedgeUrl: 5, remoteUrl: "" }, []],
    ["firmware_update", { name: "fw", version: "1", remoteUrl: URL }, [{ url: URL, name: "fw-1" }]],
    ["firmware_update", { name: "fw", remoteUrl: URL, sha256: "ab" }, [{ url: URL, name: "fw-1" }]],
    [
      "firmware_update",
      { name: "fw", remoteUrl: URL, sha256: "A".repeat(64) },
      [{ url: URL, name: "fw-1", sha256: "A".repeat(64) }],
    ],
    ["software_update", {}, []],
    ["software_update", { updateList: [{ type: "apt", modules: [{ name: "n", url: "" }, null] }] }, []],
    ["device_profile", { operations: [{ operation: "device_profile", payload: { operations: [] } }] }, []],
    ["log_upload", { type: "t", tedgeUrl: URL }, []],
    ["config_snapshot", { type: "t", tedgeUrl: URL, remoteUrl: URL }, []],
  ] as const)("%s %j", (operation, payload, expected) => {
    expect(commandSources(operation, "1", { status: "prepare", ...payload })).toEqual([...expected]);
  });

  test("have names that every file system takes, each its own", () => {
    const long = "ä".repeat(200);
    const modules = [1, 2].map(() => ({ name: long, url: URL, action: "install" }));
    const sources = commandSources("software_update", "1", { status: "prepare", updateList: [{ type: "t", modules }] });
    expect(new Set(sources.map(({ name }) => name)).size).toBe(2);
    for (const { name } of sources) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
    const [odd] = commandSources("config_update", "1", { status: "prepare", type: "\0\ud800", remoteUrl: URL });
    expect(odd?.name).toBe("\ufffd-1");
  });
});

describe("what a requester publishes", () => {
  const request = { operation: "config_update", id: "1", payload: { status: "", type: "t", remoteUrl: URL } };
  test.each([
    ["auto", deviceId("child1"), request, "prepare"],
    ["always", deviceId("child1"), request, "prepare"],
    ["never", deviceId("child1"), request, "init"],
    ["always", MAIN_DEVICE, request, "init"],
    ["always", deviceId("child1"), { ...request, operation: "restart" }, "init"],
  ] as const)("%s %s %#: status %s", (mode, device, asked, status) => {
    expect(askForFiles({ device, ...asked }, mode)).toEqual({ ...request.payload, status });
  });
});

test("The folder of a device is its name, or all segments of a topic id of another scheme", () => {
  const custom = parseEntityId("factory/hall/line");
  expect(exposedFolder(deviceId("child1"))).toBe("child1");
  expect(custom.ok && exposedFolder(custom.value)).toBe("factory:hall:line");
});
