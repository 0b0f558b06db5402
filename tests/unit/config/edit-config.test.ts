import { describe, expect, test } from "bun:test";
import { chmod, lstat, mkdir, readdir, stat, symlink } from "node:fs/promises";
import { describeFault } from "../../../src/base/fault.ts";
import { addValue, type Edited, removeValue, setValue, unsetValue } from "../../../src/config/edit-config.ts";
import type { KeyAddress } from "../../../src/config/key-address.ts";
import { parseKey } from "../../../src/config/parse-key.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "./config-directory.ts";

removeConfigDirectories();

function address(key: string): KeyAddress {
  const parsed = parseKey(key);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value.address;
}

function outcome(edited: Edited): string {
  return edited.ok ? (edited.value ? "changed" : "unchanged") : describeFault(edited.fault);
}

async function set(directory: ConfigDirectory, key: string, value: string): Promise<string> {
  return outcome(await setValue(address(key), value, directory.editing));
}

async function unset(directory: ConfigDirectory, key: string): Promise<string> {
  return outcome(await unsetValue(address(key), directory.editing));
}

async function add(directory: ConfigDirectory, key: string, value: string): Promise<string> {
  return outcome(await addValue(address(key), value, directory.editing));
}

async function remove(directory: ConfigDirectory, key: string, value: string): Promise<string> {
  return outcome(await removeValue(address(key), value, directory.editing));
}

describe("setting a value", () => {
  test("makes tedge.toml, of the present version and with mode 0644", async () => {
    const directory = await ConfigDirectory.make();
    expect(await set(directory, "mqtt.bind.port", "1884")).toBe("changed");
    expect(await directory.read("tedge.toml")).toBe('[config]\nversion = "2"\n\n[mqtt.bind]\nport = 1884\n');
    expect((await stat(directory.file("tedge.toml"))).mode & 0o777).toBe(0o644);
    expect((await readdir(directory.path)).sort()).toEqual(["system.toml", "tedge.toml"]);
  });

  test("leaves every other byte alone: comments, spelling, unknown keys", async () => {
    const text = versionTwo("# mine\n[mqtt.bind] # here\nport = 0x75b  # odd\n\n[unknown]\nkept = 1_000\n");
    const directory = await ConfigDirectory.make({ "tedge.toml": text });
    await set(directory, "mqtt.bind.port", "1884");
    expect(await directory.read("tedge.toml")).toBe(text.replace("0x75b", "1884"));
  });

  test("to what it is already changes nothing", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("mqtt.bind.port = 5\n") });
    expect(await set(directory, "mqtt.bind.port", "5")).toBe("unchanged");
  });

  test("stores durations as text, lists as arrays, ports as integers, words as the reference does", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("") });
    await set(directory, "flows.stats.interval", "3600");
    await set(directory, "diag.plugin_paths", "/a,/b");
    await set(directory, "http.bind.port", "1");
    await set(directory, "apt.dpkg.options.config", "keepnew");
    const text = await directory.read("tedge.toml");
    for (const line of ['interval = "3600"', 'plugin_paths = ["/a", "/b"]', "port = 1", 'config = "KeepNew"']) {
      expect(text?.split("\n")).toContain(line);
    }
    expect((await directory.config()).text("apt.dpkg.options.config")).toBe("keepnew");
    expect(directory.warnings).toEqual([]);
  });

  test("that cannot be is refused, and nothing is written", async () => {
    const directory = await ConfigDirectory.make();
    expect(await set(directory, "mqtt.bind.port", "0")).toBe(
      "Failed to parse input: number would be zero for non-zero type",
    );
    expect(await directory.read("tedge.toml")).toBeUndefined();
  });

  test("that stands under a former name moves it to the present one", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo("[mqtt]\nport = 5 # five\n[mqtt.client.auth]\ncafile = '/x'\n"),
    });
    await set(directory, "mqtt.bind.port", "6");
    await set(directory, "mqtt.client.auth.ca_file", "/y");
    expect(await directory.read("tedge.toml")).toBe(
      versionTwo('[mqtt]\nbind.port = 6 # five\n[mqtt.client.auth]\nca_file = "/y"\n'),
    );
  });

  test("brings a file of version 1 up to date", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": "mqtt.client_ca_file = '/x'\n" });
    await set(directory, "mqtt.bind.port", "6");
    expect(await directory.read("tedge.toml")).toBe(
      "mqtt.client.auth.ca_file = '/x'\nmqtt.bind.port = 6\n\n[config]\nversion = \"2\"\n",
    );
  });

  test("follows a link, which stays", async () => {
    const directory = await ConfigDirectory.make({ "real/tedge.toml": versionTwo("") });
    await symlink("real/tedge.toml", directory.file("tedge.toml"));
    await set(directory, "mqtt.bind.port", "6");
    expect((await lstat(directory.file("tedge.toml"))).isSymbolicLink()).toBe(true);
    expect(await directory.read("real/tedge.toml")).toContain("port = 6");
  });

  test("in a file that cannot be read is a fault, and the file stays", async () => {
    const directory = await ConfigDirectory.make();
    await mkdir(directory.file("tedge.toml"));
    expect(await set(directory, "mqtt.bind.port", "6")).toStartWith(
      `failed to read ${directory.file("tedge.toml")}: Is a directory (os error 21)`,
    );
    expect((await stat(directory.file("tedge.toml"))).isDirectory()).toBe(true);
  });

  test("tells that an owner is missing, and writes all the same", async () => {
    const directory = await ConfigDirectory.make({ "system.toml": 'user = "no-such-user-here"\n' });
    await chmod(directory.path, 0o700);
    expect(await set(directory, "mqtt.bind.port", "6")).toBe("changed");
    const asRoot = [
      "The files keep the owner of this process: there is no user 'no-such-user-here' with group 'tedge'",
    ];
    expect(directory.told).toEqual(process.getuid?.() === 0 ? asRoot : []);
  });
});

describe("a broken tedge.toml", () => {
  test("with a value that cannot be is repaired by setting its key", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('[mqtt.bind]\nport = "many" # oops\n') });
    expect(await directory.loadFault()).toContain("'mqtt.bind.port'");
    expect(await set(directory, "mqtt.bind.port", "6")).toBe("changed");
    expect((await directory.config()).get("mqtt.bind.port")).toBe(6);
    expect(await directory.read("tedge.toml")).toBe(versionTwo("[mqtt.bind]\nport = 6 # oops\n"));
  });

  test("with a line that is no TOML is kept beside, the line is commented out, and both are told", async () => {
    const broken = versionTwo('[mqtt.bind]\nport = 18x83\naddress = "::1"\n');
    const directory = await ConfigDirectory.make({ "tedge.toml": broken });
    expect(await set(directory, "mqtt.bind.port", "6")).toBe("changed");
    const path = directory.file("tedge.toml");
    expect(await directory.read("tedge.toml")).toBe(
      versionTwo('[mqtt.bind]\n# tebus: broken line: port = 18x83\naddress = "::1"\nport = 6\n'),
    );
    expect(await directory.read("tedge.toml.broken")).toBe(broken);
    expect(directory.told).toEqual([
      `${path}: line 3 is no TOML and was commented out: port = 18x83`,
      `The file as it was is kept as ${path}.broken`,
    ]);
  });

  test("that is no TOML at all is refused with the place, and stays", async () => {
    const text = "what is this\n".repeat(20);
    const directory = await ConfigDirectory.make({ "tedge.toml": text });
    expect(await set(directory, "mqtt.bind.port", "6")).toContain("TOML parse error at line 1, column ");
    expect(await directory.read("tedge.toml")).toBe(text);
  });
});

describe("unsetting a value", () => {
  test("takes it out under all its names, and is no fault when there is none", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("mqtt.bind.port = 5\nmqtt.port = 6\n") });
    expect(await unset(directory, "mqtt.bind.port")).toBe("changed");
    expect(await directory.read("tedge.toml")).toBe(versionTwo(""));
    expect(await unset(directory, "mqtt.bind.port")).toBe("unchanged");
    const fresh = await ConfigDirectory.make();
    expect(await unset(fresh, "c8y.profiles.x.url")).toBe("unchanged");
    expect(await readdir(fresh.path)).toEqual(["system.toml"]);
  });
});

describe("adding", () => {
  test("to a list begins with the default, drops doubles and sorts", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("") });
    await add(directory, "diag.plugin_paths", "/z,/a,/z");
    expect((await directory.config()).get("diag.plugin_paths")).toEqual(["/a", "/usr/share/tedge/diag-plugins", "/z"]);
    await add(directory, "diag.plugin_paths", "/b");
    expect((await directory.config()).get("diag.plugin_paths")).toEqual([
      "/a",
      "/b",
      "/usr/share/tedge/diag-plugins",
      "/z",
    ]);
  });
  test("to groups overwrites those of the same name", async () => {
    const directory = await ConfigDirectory.make();
    await add(directory, "logs.max_per_operation", "restart:2,software_list:4");
    expect((await directory.config()).text("logs.max_per_operation")).toBe("[*:5, restart:2, software_list:4]");
  });
  test("to a single value sets it", async () => {
    const directory = await ConfigDirectory.make();
    await add(directory, "mqtt.bind.port", "6");
    expect((await directory.config()).get("mqtt.bind.port")).toBe(6);
  });
});

describe("removing", () => {
  test("from a list keeps the order, ignores what is not there, and may leave an empty list", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('log.plugin_paths = ["/c", "/a"]\n') });
    expect(await remove(directory, "log.plugin_paths", "/x")).toBe("unchanged");
    expect(await remove(directory, "log.plugin_paths", "/a")).toBe("changed");
    expect((await directory.config()).get("log.plugin_paths")).toEqual(["/c"]);
    await remove(directory, "log.plugin_paths", "/c");
    expect((await directory.config()).get("log.plugin_paths")).toEqual([]);
  });
  test("from the default of a list stores what is left", async () => {
    const directory = await ConfigDirectory.make();
    await remove(directory, "az.topics", "te/+/+/+/+/m/+,te/+/+/+/+/e/+,te/+/+/+/+/a/+");
    expect((await directory.config()).cloud("az").get("topics")).toEqual(["te/+/+/+/+/status/health"]);
  });
  test("a group goes by name, whatever its count", async () => {
    const directory = await ConfigDirectory.make();
    await remove(directory, "logs.max_per_operation", "software_list:99");
    expect((await directory.config()).text("logs.max_per_operation")).toBe("[*:5]");
  });
  test("a single value unsets it if it is that, and else leaves it, so that a default stays a default", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("mqtt.bind.port = 5\n") });
    expect(await remove(directory, "mqtt.bind.port", "6")).toBe("unchanged");
    expect(await remove(directory, "mqtt.client.port", "5")).toBe("unchanged");
    expect(await remove(directory, "mqtt.bind.port", "5")).toBe("changed");
    expect(await directory.read("tedge.toml")).toBe(versionTwo(""));
  });
  test("does not look at the environment", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("mqtt.bind.port = 5\n") });
    expect((await directory.config({ TEDGE_MQTT_BIND_PORT: "7" })).get("mqtt.bind.port")).toBe(7);
    expect(await remove(directory, "mqtt.bind.port", "7")).toBe("unchanged");
  });
});

describe("the settings of a cloud", () => {
  test("go to new mapper files while nothing is configured, the cloud's name first", async () => {
    const directory = await ConfigDirectory.make();
    await set(directory, "c8y.url", "x.example");
    await set(directory, "c8y.bridge.topic_prefix", "mine");
    await set(directory, "c8y.profiles.prod.url", "p.example");
    expect(await directory.read("mappers/c8y/mapper.toml")).toBe(
      'cloud_type = "c8y"\nurl = "x.example"\n\n[bridge]\ntopic_prefix = "mine"\n',
    );
    expect(await directory.read("mappers/c8y.prod/mapper.toml")).toBe('cloud_type = "c8y"\nurl = "p.example"\n');
    expect(await directory.read("tedge.toml")).toBe('[config]\nversion = "2"\n');
  });

  test("go to tedge.toml while that has a section of any cloud", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('[aws]\nurl = "x.example"\n') });
    await set(directory, "c8y.profiles.prod.url", "p.example");
    expect(await directory.read("tedge.toml")).toBe(
      versionTwo('[aws]\nurl = "x.example"\n\n[c8y.profiles.prod]\nurl = "p.example"\n'),
    );
    expect(await directory.read("mappers/c8y.prod/mapper.toml")).toBeUndefined();
  });

  test("go to the section of a profile however its name is written", async () => {
    const directory = await ConfigDirectory.make({
      "tedge.toml": versionTwo('[c8y.profiles.Prod]\nurl = "x.example"\n'),
    });
    await set(directory, "c8y.profiles.prod.url", "y.example");
    expect(await directory.read("tedge.toml")).toBe(versionTwo('[c8y.profiles.Prod]\nurl = "y.example"\n'));
  });

  test("in a mapper file go with the file when the last one is unset, but other files keep the directory", async () => {
    const directory = await ConfigDirectory.make({ "mappers/az/flows/x.toml": "" });
    await set(directory, "az.url", "x.example");
    await set(directory, "az.profiles.p.device.id", "d");
    await unset(directory, "az.url");
    await unset(directory, "az.profiles.p.device.id");
    expect(await readdir(directory.file("mappers"))).toEqual(["az"]);
    expect(await readdir(directory.file("mappers/az"))).toEqual(["flows"]);
  });

  test("under the former name of the cloud are found, to change and to unset", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('[azure]\nurl = "x.example" # mine\n') });
    await set(directory, "az.url", "y.example");
    expect((await directory.config()).cloud("az").get("url")).toBe("y.example");
    expect(await directory.read("tedge.toml")).toBe(versionTwo('\n[az]\nurl = "y.example" # mine\n'));
  });
});
