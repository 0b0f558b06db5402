import { describe, expect, test } from "bun:test";
import { tedgeReferences } from "../../../src/mappers/tedge-references.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "../config/config-directory.ts";

removeConfigDirectories();

async function references(profile?: string) {
  const directory = await ConfigDirectory.make({
    "tedge.toml": versionTwo(
      'device.id = "gw7"\n[c8y]\nurl = "main.example"\nsmartrest.templates = ["a", "b"]\n[c8y.profiles.p]\nurl = "p.example"\n',
    ),
  });
  return tedgeReferences(await directory.config(), profile);
}

describe("a reference to tedge.toml", () => {
  test("is what tedge config get prints", async () => {
    const { tedge, tedgeList } = await references();
    expect(tedge("device.id")).toEqual({ ok: true, value: "gw7" });
    expect(tedge("mqtt.bridge.built_in")).toEqual({ ok: true, value: "true" });
    expect(tedge("c8y.url")).toEqual({ ok: true, value: "main.example" });
    expect(tedgeList("c8y.smartrest.templates")).toEqual({ ok: true, value: ["a", "b"] });
  });

  test("is of the profile that the mapper runs with, where the key belongs to a cloud", async () => {
    const { tedge } = await references("p");
    expect(tedge("c8y.url")).toEqual({ ok: true, value: "p.example" });
    expect(tedge("device.id")).toEqual({ ok: true, value: "gw7" });
  });

  test("to an unknown key, an unset one, or no list says so", async () => {
    const { tedge, tedgeList } = await references();
    expect(tedge("nonsense")).toMatchObject({ ok: false, fault: { message: "Unknown tedge config key: 'nonsense'" } });
    expect(tedge("az.url")).toMatchObject({
      ok: false,
      fault: {
        message: "A value for 'az.url' is not set",
        note: "A value can be set with `tedge config set az.url <value>`",
      },
    });
    expect(tedgeList("device.id")).toMatchObject({
      ok: false,
      fault: { message: "Config key 'device.id' is not an array" },
    });
  });
});
