import { describe, expect, test } from "bun:test";
import { describeFault } from "../../../../src/base/fault.ts";
import { parseConfigFile } from "../../../../src/config/config-file.ts";
import { checkMapperFile, pathOf, readMapperFile } from "../../../../src/mappers/custom/mapper-file.ts";
import { ConfigDirectory, removeConfigDirectories } from "../../config/config-directory.ts";

removeConfigDirectories();

function read(text: string) {
  const file = parseConfigFile("/etc/tedge/mappers/x/mapper.toml", text);
  if (!file.ok) throw new Error(describeFault(file.fault));
  return checkMapperFile(file.value);
}

function settings(text: string) {
  const file = read(text);
  if (!file.ok) throw new Error(describeFault(file.fault));
  return file.value.settings;
}

describe("mapper.toml", () => {
  test("may be empty: then everything has its default", () => {
    expect(settings("")).toEqual({
      auth_method: "auto",
      device: {},
      bridge: { clean_session: false, tls: { enable: "auto" }, max_payload_size: 268_435_455 },
    });
  });

  test("has the port 8883 where its url has none", () => {
    expect(settings('url = "broker.example"').url).toEqual({
      host: "broker.example",
      port: 8883,
      text: "broker.example",
    });
    expect(settings('url = "broker.example:1883"').url).toMatchObject({ host: "broker.example", port: 1883 });
  });

  test("knows basic as another word for password", () => {
    expect(settings('auth_method = "basic"').auth_method).toBe("password");
  });

  test.each<[string, boolean | "auto"]>([
    ['"auto"', "auto"],
    ['"true"', true],
    ['"false"', false],
    ['"on"', true],
    ['"off"', false],
    ["true", true],
    ["false", false],
  ])("takes %s for bridge.tls.enable", (text, value) => {
    expect(settings(`bridge.tls.enable = ${text}`).bridge.tls.enable).toBe(value);
  });

  test.each([
    ['"1m30s"', 90_000],
    ['"45"', 45_000],
    ["45", 45_000],
  ])("takes %s for a duration", (text, milliseconds) => {
    expect(settings(`bridge.keepalive_interval = ${text}`).bridge.keepalive_interval?.milliseconds).toBe(milliseconds);
  });

  test("keeps what it does not know", () => {
    const file = read('mine = 1\n[device]\nserial = "s"\n[own.deep]\nkey = [1]\n');
    expect(file).toMatchObject({
      ok: true,
      value: { table: { mine: 1, device: { serial: "s" }, own: { deep: { key: [1] } } } },
    });
  });

  test.each([
    ["url = 1", "'url'", 1, 7],
    ['url = "a:b"', "Could not parse port: 'b'", 1, 7],
    ['\nauth_method = "none"', "'auth_method'", 2, 15],
    ['cloud_type = "thingsboard"', "'cloud_type'", 1, 14],
    ["bridge.clean_session = 1", "'bridge.clean_session'", 1, 24],
    ['bridge.tls.enable = "maybe"', "'bridge.tls.enable'", 1, 21],
    ["[bridge.tls]\n", "'bridge.tls.enable'", 1, 2],
    ["bridge.max_payload_size = -1", "'bridge.max_payload_size'", 1, 27],
    ["bridge.max_payload_size = 4294967296", "'bridge.max_payload_size'", 1, 27],
    ['bridge.keepalive_interval = "soon"', "expected number at 0", 1, 29],
  ])("%p is refused with its place", (text, message, line, column) => {
    const file = read(text);
    if (file.ok) throw new Error("This should be refused");
    expect(describeFault(file.fault)).toContain(message);
    expect(file.fault.detail).toMatchObject({ file: "/etc/tedge/mappers/x/mapper.toml", line, column });
  });

  test("has its relative paths below its own directory", () => {
    const file = read("");
    if (!file.ok) throw new Error(describeFault(file.fault));
    expect(pathOf(file.value, "./sub/../credentials.toml")).toBe("/etc/tedge/mappers/x/credentials.toml");
    expect(pathOf(file.value, "/etc/ssl/x.pem")).toBe("/etc/ssl/x.pem");
  });

  test("may be missing, but not unreadable", async () => {
    const directory = await ConfigDirectory.make({ "mappers/y/mapper.toml": "x = " });
    expect(await readMapperFile(directory.file("mappers/x"))).toEqual({ ok: true, value: undefined });
    expect(await readMapperFile(directory.file("mappers/y"))).toMatchObject({
      ok: false,
      fault: { code: "invalid-config" },
    });
  });
});
