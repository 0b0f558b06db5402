import { describe, expect, test } from "bun:test";
import type { Config } from "../../../src/config/config.ts";
import { CLOUD_DEVICE, MY_DEVICE, NAMELESS } from "./certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "./config-directory.ts";

removeConfigDirectories();

const MAIN_CERTIFICATE = "device-certs/tedge-certificate.pem";

function mainId(config: Config): string {
  const id = config.require("device.id");
  return id.ok ? id.value : id.fault.message;
}

function cloudId(config: Config): string {
  const id = config.cloud("c8y").require("device.id");
  return id.ok ? id.value : id.fault.message;
}

describe("the device id", () => {
  test("is the common name of the certificate, whatever is configured, and that is told", async () => {
    const directory = await ConfigDirectory.make({
      [MAIN_CERTIFICATE]: MY_DEVICE,
      "tedge.toml": versionTwo('device.id = "other"\n'),
    });
    const config = await directory.config();
    expect([mainId(config), cloudId(config), config.get("device.id")]).toEqual(["my-device", "my-device", "my-device"]);
    expect(config.exposed()["device.id"]).toBe("my-device");
    expect(directory.warnings).toEqual([
      `The configured device.id 'other' is not used: the certificate ${directory.file(MAIN_CERTIFICATE)} names 'my-device'`,
    ]);
  });

  test("is the configured one without a certificate, or with one that names nobody or cannot be decoded", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('device.id = "configured"\n') });
    expect(mainId(await directory.config())).toBe("configured");
    await directory.write(MAIN_CERTIFICATE, NAMELESS);
    expect(mainId(await directory.config())).toBe("configured");
    await directory.write(MAIN_CERTIFICATE, "no certificate");
    expect(mainId(await directory.config())).toBe("configured");
    expect(directory.warnings).toEqual([]);
  });

  test("is missing without both, and the fault says how to get one, for the key of a cloud too", async () => {
    const config = await (await ConfigDirectory.make()).config();
    const text =
      "The provided config key: 'device.id' is not configured: The device id is read from the device certificate.\n" +
      "To set 'device.id' to some <id>, you can use `tedge cert create --device-id <id>`.";
    expect([mainId(config), cloudId(config), config.get("device.id")]).toEqual([text, text, undefined]);
    expect("device.id" in config.exposed()).toBe(false);
  });

  test("cannot be derived from a broken certificate when nothing is configured", async () => {
    const config = await (await ConfigDirectory.make({ [MAIN_CERTIFICATE]: "no certificate" })).config();
    expect(mainId(config)).toStartWith("Derivation for `device.id` failed: Cannot decode the certificate: ");
  });

  test("of a cloud is the name in its own certificate, then its own setting, then the configured main one", async () => {
    const directory = await ConfigDirectory.make({
      [MAIN_CERTIFICATE]: MY_DEVICE,
      "cloud.pem": `Some text before it\n${CLOUD_DEVICE}${MY_DEVICE}`,
      "tedge.toml": versionTwo('device.id = "main"\n'),
    });
    const cert = { TEDGE_C8Y_DEVICE_CERT_PATH: directory.file("cloud.pem") };
    expect(cloudId(await directory.config(cert))).toBe("cloud, device (2)");
    const gone = { TEDGE_C8Y_DEVICE_CERT_PATH: directory.file("gone.pem") };
    expect(cloudId(await directory.config({ ...gone, TEDGE_C8Y_DEVICE_ID: "own" }))).toBe("own");
    expect(cloudId(await directory.config(gone))).toBe("main");
  });
});
