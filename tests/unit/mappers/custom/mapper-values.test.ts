import { describe, expect, test } from "bun:test";
import { describeFault } from "../../../../src/base/fault.ts";
import { readMapperFile } from "../../../../src/mappers/custom/mapper-file.ts";
import { mapperValue } from "../../../../src/mappers/custom/mapper-values.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "../../config/config-directory.ts";

removeConfigDirectories();

async function values(text: string, commonName?: string) {
  const directory = await ConfigDirectory.make({
    "tedge.toml": versionTwo(
      'device.id = "from-tedge"\ndevice.cert_path = "/t/cert.pem"\ndevice.key_path = "/t/key.pem"\n',
    ),
    "mappers/x/mapper.toml": text,
  });
  const config = await directory.config();
  const file = await readMapperFile(directory.file("mappers/x"));
  if (!file.ok) throw new Error(describeFault(file.fault));
  const look = (path: string) => mapperValue(path, { file: file.value, config, commonName });
  return { look, directory };
}

describe("the effective configuration of a mapper", () => {
  test("has defaults for what is not set", async () => {
    const { look } = await values('url = "b.example"');
    const shown = (path: string) => {
      const found = look(path);
      return found.ok ? [found.value.value, found.value.origin] : found.fault.message;
    };
    expect(shown("url")).toEqual(["b.example:8883", "mapper.toml"]);
    expect(shown("auth_method")).toEqual(["auto", "default"]);
    expect(shown("device.id")).toEqual(["from-tedge", "tedge.toml"]);
    expect(shown("device.cert_path")).toEqual(["/t/cert.pem", "tedge.toml"]);
    expect(shown("device.key_path")).toEqual(["/t/key.pem", "tedge.toml"]);
    expect(shown("device.root_cert_path")).toEqual(["/etc/ssl/certs", "default"]);
    expect(shown("bridge.clean_session")).toEqual([false, "default"]);
    expect(shown("bridge.tls.enable")).toEqual(["auto", "default"]);
    expect(shown("bridge.max_payload_size")).toEqual([268_435_455, "default"]);
  });

  test("has what mapper.toml says, with its paths resolved", async () => {
    const { look, directory } = await values(
      'credentials_path = "c.toml"\n[device]\nid = "own"\nroot_cert_path = "/ca"\n[bridge]\nkeepalive_interval = "2m"\ntls.enable = false\n',
    );
    expect(look("device.id")).toEqual({ ok: true, value: { value: "own", origin: "mapper.toml" } });
    expect(look("credentials_path")).toEqual({
      ok: true,
      value: { value: directory.file("mappers/x/c.toml"), origin: "resolved-path" },
    });
    expect(look("device.root_cert_path")).toMatchObject({ value: { value: "/ca", origin: "mapper.toml" } });
    expect(look("bridge.keepalive_interval")).toMatchObject({ value: { value: "2m" } });
    expect(look("bridge.tls.enable")).toMatchObject({ value: { value: "false", origin: "mapper.toml" } });
  });

  test("has the name in the certificate for the device id, also where another is set, unless it is empty", async () => {
    const named = await values('device.id = "own"', "cn");
    expect(named.look("device.id")).toEqual({ ok: true, value: { value: "cn", origin: "certificate" } });
    const nameless = await values('device.id = "own"', "");
    expect(nameless.look("device.id")).toMatchObject({ value: { value: "own" } });
  });

  test("has everything else that stands in mapper.toml", async () => {
    const { look } = await values('on = true\n[own]\nlist = ["a"]\ndeep.key = 7\n');
    expect(look("on")).toMatchObject({ value: { value: true, origin: "mapper.toml" } });
    expect(look("own.list")).toMatchObject({ value: { value: ["a"] } });
    expect(look("own.deep.key")).toMatchObject({ value: { value: 7 } });
  });

  test.each([
    [
      "own.missing",
      "Unknown mapper config key 'own.missing'",
      "'own.missing' is not a recognised field — check for typos",
    ],
    [
      "constructor",
      "Unknown mapper config key 'constructor'",
      "'constructor' is not a recognised field — check for typos",
    ],
    ["own.text.more", "Cannot navigate path 'own.text.more': 'text' is not a table", undefined],
    ["url", "Mapper config key 'url' is not set", "Set 'url' in mapper.toml"],
    [
      "bridge.keepalive_interval",
      "Mapper config key 'bridge.keepalive_interval' is not set",
      "Set 'bridge.keepalive_interval' in mapper.toml",
    ],
  ])("has no value for %s, and says why", async (path, message, note) => {
    const { look } = await values('own.text = "x"');
    const found = look(path);
    expect(found).toMatchObject({ ok: false, fault: { message } });
    expect(found.ok ? undefined : found.fault.note).toBe(note);
  });

  test("is empty without mapper.toml", async () => {
    const directory = await ConfigDirectory.make();
    const found = mapperValue("url", { file: undefined, config: await directory.config(), commonName: undefined });
    expect(found).toMatchObject({ ok: false, fault: { code: "unknown-key" } });
  });
});
