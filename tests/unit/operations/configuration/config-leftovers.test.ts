import { describe, expect, test } from "bun:test";
import { isLeftover, temporaryPath } from "../../../../src/operations/configuration/config-leftovers.ts";
import { aCommand, anAddress } from "../a-command.ts";

const command = (operation: string, id: string, members: Readonly<Record<string, string>> = {}) =>
  aCommand(members, anAddress(operation, id));

const SNAPSHOT = "/tmp/config_snapshot-net_wifi-c8y-1-1700000000.conf";
const WORK_DIR = "/tmp/config_update-net_wifi-c8y-1-1700000000";

test("a temporary name tells operation, type and id, and holds nothing that leads elsewhere", () => {
  const of = { type: "net/wi:fi\\x", id: "c8y-1", time: 1_700_000_000_999 };
  expect(temporaryPath("config_snapshot", "/tmp", of)).toBe("/tmp/config_snapshot-net_wi_fi_x-c8y-1-1700000000.conf");
  expect(temporaryPath("config_update", "/tmp", of)).toBe("/tmp/config_update-net_wi_fi_x-c8y-1-1700000000");
});

describe("something temporary belongs to a command", () => {
  test("whose type and id it has, whenever it was made", () => {
    const owner = command("config_snapshot", "c8y-1", { type: "net/wifi" });
    expect(isLeftover("config_snapshot", owner, SNAPSHOT)).toBe(true);
    expect(isLeftover("config_snapshot", owner, SNAPSHOT.replace("1700000000", "1600000000"))).toBe(true);
    expect(isLeftover("config_update", command("config_update", "c8y-1", { type: "net/wifi" }), WORK_DIR)).toBe(true);
  });

  test("of any operation that says so", () => {
    expect(isLeftover("config_snapshot", command("backup", "c8y-1", { path: SNAPSHOT }), SNAPSHOT)).toBe(true);
    expect(isLeftover("config_update", command("restore", "c8y-1", { workDir: WORK_DIR }), WORK_DIR)).toBe(true);
  });

  test("that started the one which made it", () => {
    const path = "/tmp/config_snapshot-t-sub:mid:sub:device_profile:7-1700000000.conf";
    expect(isLeftover("config_snapshot", command("device_profile", "7"), path)).toBe(true);
    expect(isLeftover("config_snapshot", command("device_profile", "17"), path)).toBe(false);
    expect(isLeftover("config_snapshot", command("mid", "sub:device_profile:7"), path)).toBe(false);
  });
});

describe("something temporary is left alone", () => {
  test.each([
    ["of another type", command("config_snapshot", "c8y-1", { type: "wifi" })],
    ["of another id", command("config_snapshot", "1", { type: "net/wifi" })],
    ["of another operation with the same id", command("log_upload", "c8y-1", { type: "net/wifi" })],
    ["of another id, whatever the payload says", command("backup", "2", { path: SNAPSHOT })],
    ["when no type is told", command("config_snapshot", "c8y-1")],
  ])("%s", (_what, other) => {
    expect(isLeftover("config_snapshot", other, SNAPSHOT)).toBe(false);
  });

  test("when it is no such thing, whatever the payload says", () => {
    for (const path of ["/etc/passwd", "/tmp/config_update_c8y-1", "/tmp/x-c8y-1-1700000000.conf", `${SNAPSHOT}.bak`]) {
      expect(isLeftover("config_snapshot", command("config_snapshot", "c8y-1", { path }), path)).toBe(false);
      expect(isLeftover("config_update", command("config_update", "c8y-1", { workDir: path }), path)).toBe(false);
    }
  });
});
