import { describe, expect, test } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { upgradeConfig } from "../../../src/config/upgrade-config.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "./config-directory.ts";

removeConfigDirectories();

describe("upgrading the configuration", () => {
  test("moves each cloud and profile to a file of its own, keeps a copy, and leaves the rest alone", async () => {
    const before = versionTwo(`# mine
[mqtt.bind]
port = 5 # five

[c8y]
url = "x.example"
smartrest.templates = ["a", "b"]
custom = { deep = 1 }

[c8y.profiles.Prod]
url = "p.example"

# about http
[http.bind]
port = 6

[azure.bridge]
topic_prefix = "mine"
`);
    const directory = await ConfigDirectory.make({
      "tedge.toml": before,
      "mappers/c8y.old/mapper.toml": 'url = "old.example"\n',
      "mappers/c8y/flows/x.toml": "",
    });
    const upgraded = await upgradeConfig(directory.editing);
    expect(upgraded).toEqual({ ok: true, value: { kind: "upgraded", backup: directory.file("tedge.toml.bak") } });
    expect(await directory.read("tedge.toml.bak")).toBe(before);
    expect(await directory.read("tedge.toml")).toBe(
      versionTwo("# mine\n[mqtt.bind]\nport = 5 # five\n\n# about http\n[http.bind]\nport = 6\n"),
    );
    expect((await readdir(directory.file("mappers"))).sort()).toEqual(["az", "c8y", "c8y.prod"]);
    expect(await readdir(directory.file("mappers/c8y"))).toEqual(["flows", "mapper.toml"]);
    expect(await directory.read("mappers/c8y/mapper.toml")).toBe(
      'cloud_type = "c8y"\nurl = "x.example"\n\n[smartrest]\ntemplates = ["a", "b"]\n\n[custom]\ndeep = 1\n',
    );
    expect(await directory.read("mappers/c8y.prod/mapper.toml")).toBe('cloud_type = "c8y"\nurl = "p.example"\n');
    expect(await directory.read("mappers/az/mapper.toml")).toBe(
      'cloud_type = "az"\n\n[bridge]\ntopic_prefix = "mine"\n',
    );
    const config = await directory.config();
    expect(config.cloud("c8y").get("smartrest.templates")).toEqual(["a", "b"]);
    expect([config.source("c8y"), config.source("az"), config.source("aws")]).toEqual([
      "mapper-files",
      "mapper-files",
      "new-mapper-files",
    ]);
    expect(await upgradeConfig(directory.editing)).toEqual({ ok: true, value: { kind: "up-to-date" } });
  });

  test("has nothing to do without sections of clouds, or without a file", async () => {
    const directory = await ConfigDirectory.make();
    expect(await upgradeConfig(directory.editing)).toEqual({ ok: true, value: { kind: "up-to-date" } });
    await directory.write("tedge.toml", versionTwo("mqtt.bind.port = 5\n"));
    expect(await upgradeConfig(directory.editing)).toEqual({ ok: true, value: { kind: "up-to-date" } });
    expect(await directory.read("tedge.toml.bak")).toBeUndefined();
  });

  test("that fails for one cloud leaves its section, moves the others, and can be done again", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('[c8y]\nurl = "x.example"\n[az]\nurl = "y.example"\n'),
    });
    await mkdir(directory.file("mappers"));
    await directory.write("mappers/c8y", "a file where a directory should be");
    const upgraded = await upgradeConfig(directory.editing);
    expect(upgraded).toMatchObject({ ok: true, value: { kind: "incomplete", failures: [{ cloud: "c8y" }] } });
    expect(await directory.read("tedge.toml")).toBe(versionTwo('[c8y]\nurl = "x.example"\n'));
    expect(await directory.read("mappers/az/mapper.toml")).toBe('cloud_type = "az"\nurl = "y.example"\n');
  });
});
