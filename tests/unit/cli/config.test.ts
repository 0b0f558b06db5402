import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { faultChain } from "../../../src/base/fault.ts";
import type { Log } from "../../../src/base/log.ts";
import {
  configAdd,
  configGet,
  configList,
  configRemove,
  configSet,
  configUnset,
  configUpgrade,
} from "../../../src/cli/config.ts";
import type { CliContext, CommandOutcome } from "../../../src/cli/outcome.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "../config/config-directory.ts";

removeConfigDirectories();

interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly warnings: readonly string[];
}

/** Runs one command with what a terminal would show; failures show as the top message and the causes. */
async function run(
  directory: ConfigDirectory,
  command: (context: CliContext) => Promise<CommandOutcome>,
  environment: Record<string, string> = {},
): Promise<Ran> {
  const shown = { stdout: "", stderr: "" };
  const warnings: string[] = [];
  const note = (text: string) => void warnings.push(text);
  const log: Log = { error: note, warn: note, info: () => undefined, debug: () => undefined, trace: () => undefined };
  const outcome = await command({
    configDirectory: directory.path,
    environment,
    stdout: (text) => {
      shown.stdout += text;
    },
    stderr: (text) => {
      shown.stderr += text;
    },
    log,
    clock: systemClock,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  if (outcome.kind === "usage") return { ...shown, stderr: outcome.text, exit: outcome.exit ?? 2, warnings };
  if (outcome.kind === "done") return { ...shown, exit: outcome.exit ?? 0, warnings };
  const top = outcome.top ?? `failed to ${outcome.description}`;
  return { ...shown, stderr: [top, ...faultChain(outcome.fault)].join("\n"), exit: outcome.exit ?? 1, warnings };
}

function get(
  directory: ConfigDirectory,
  key: string,
  environment: Record<string, string> = {},
  profile?: string,
): Promise<Ran> {
  const args = profile === undefined ? { key } : { key, profile };
  return run(directory, (context) => configGet(context, args), environment);
}

describe("config get", () => {
  test("prints the effective value and nothing else", async () => {
    const directory = await ConfigDirectory.make();
    expect(await get(directory, "mqtt.bind.port")).toEqual({ exit: 0, stdout: "1883\n", stderr: "", warnings: [] });
    expect((await get(directory, "mqtt.bind.port", { TEDGE_MQTT_BIND_PORT: "5" })).stdout).toBe("5\n");
  });

  test("of a key without a value prints nothing, says so and exits with 1", async () => {
    const ran = await get(await ConfigDirectory.make(), "c8y.url");
    expect(ran).toEqual({
      exit: 1,
      stdout: "",
      stderr: "The provided config key: 'c8y.url' is not set\n",
      warnings: [],
    });
  });

  test("of an unknown key is a usage error, with what may be meant", async () => {
    const ran = await get(await ConfigDirectory.make(), "c8y.urll");
    expect([ran.exit, ran.stdout]).toEqual([2, ""]);
    expect(ran.stderr).toBe(
      "invalid value 'c8y.urll' for '<KEY>': Unknown tedge config key: 'c8y.urll'\n\n  tip: a similar key exists: 'c8y.url'",
    );
    expect((await get(await ConfigDirectory.make(), "config.version")).exit).toBe(2);
  });

  test("under a former name warns, and speaks of the present name", async () => {
    const ran = await get(await ConfigDirectory.make(), "azure.url");
    expect(ran.warnings).toEqual(["The key 'azure.url' is deprecated. Use 'az.url' instead."]);
    expect(ran.stderr).toBe("The provided config key: 'az.url' is not set\n");
  });

  test("of a device id that cannot be told fails with the way to get one", async () => {
    const ran = await get(await ConfigDirectory.make(), "c8y.device.id");
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toStartWith(
      "failed to get the configuration value for key: 'c8y.device.id'\nThe provided config key: 'device.id' is not configured",
    );
  });

  test("of a broken file fails with file, line and column", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo("[mqtt]\nbind.port = 1 2\n") });
    const ran = await get(directory, "mqtt.topic_root");
    expect([ran.exit, ran.stdout]).toEqual([1, ""]);
    expect(ran.stderr).toContain(
      `Invalid configuration file ${directory.file("tedge.toml")}\nTOML parse error at line 3, column`,
    );
  });
});

describe("a profile", () => {
  const files = { "tedge.toml": versionTwo('[c8y]\nurl = "x.example"\n[c8y.profiles.prod]\nurl = "p.example"\n') };

  test("is chosen by the option, by the key, or by the environment, whose empty value counts as none", async () => {
    const directory = await ConfigDirectory.make(files);
    expect((await get(directory, "c8y.url", {}, "Prod")).stdout).toBe("p.example\n");
    expect((await get(directory, "c8y.profiles.prod.url")).stdout).toBe("p.example\n");
    expect((await get(directory, "c8y.url", { TEDGE_CLOUD_PROFILE: "prod" })).stdout).toBe("p.example\n");
    expect((await get(directory, "c8y.url", { TEDGE_CLOUD_PROFILE: "" })).stdout).toBe("x.example\n");
    expect((await get(directory, "mqtt.topic_root", { TEDGE_CLOUD_PROFILE: "prod" })).stdout).toBe("te\n");
    expect((await get(directory, "c8y.profiles.prod.url", { TEDGE_CLOUD_PROFILE: "other" })).stdout).toBe(
      "p.example\n",
    );
    expect((await get(directory, "c8y.url", { TEDGE_CLOUD_PROFILE: "other" }, "prod")).stdout).toBe("p.example\n");
  });

  test.each([
    [
      "mqtt.topic_root",
      "p",
      1,
      "missing configuration parameter\nYou've supplied a profile, but mqtt.topic_root is not a profiled configuration",
    ],
    [
      "c8y.profiles.a.url",
      "b",
      1,
      "missing configuration parameter\nMultiple profiles selected from the arguments c8y.profiles.a.url and --profile b",
    ],
    ["c8y.url", "a b", 2, "Profile names can only contain letters, numbers, `-` or `_`"],
    ["c8y.url", "", 2, "Profile names cannot be empty"],
    ["c8y.url", "--", 2, "Profile names must contain at least one letter or number"],
    ["c8y.url", "other", 1, "Unknown profile `other` for the multi-profile property c8y"],
  ])("%s with --profile %p exits with %p", async (key, profile, exit, text) => {
    const ran = await get(await ConfigDirectory.make(files), key, {}, profile);
    expect([ran.exit, ran.stdout]).toEqual([exit, ""]);
    expect(ran.stderr).toContain(text);
  });

  test("with a bad name in the environment fails with 1", async () => {
    const ran = await get(await ConfigDirectory.make(files), "c8y.url", { TEDGE_CLOUD_PROFILE: "a b" });
    expect([ran.exit, ran.stderr.includes("Parsing TEDGE_CLOUD_PROFILE")]).toEqual([1, true]);
  });

  test("that does not exist is made by set", async () => {
    const directory = await ConfigDirectory.make(files);
    const set = await run(directory, (context) =>
      configSet(context, { key: "c8y.url", value: "n.example", profile: "new" }),
    );
    expect([set.exit, set.stdout]).toEqual([0, ""]);
    expect((await get(directory, "c8y.url", {}, "new")).stdout).toBe("n.example\n");
  });
});

describe("a change", () => {
  test("prints nothing on stdout, and on stderr what is left to do", async () => {
    const directory = await ConfigDirectory.make();
    const set = (key: string, value: string, environment = {}) =>
      run(directory, (context) => configSet(context, { key, value }), environment);
    expect(await set("mqtt.client.port", "5")).toEqual({
      exit: 0,
      stdout: "",
      stderr: "info: the change takes effect when the services that use it are restarted\n",
      warnings: [],
    });
    expect((await set("mqtt.client.port", "5")).stderr).toBe("");
    expect((await set("c8y.url", "x.example", { TEDGE_CLOUD_PROFILE: "p" })).stderr).toBe(
      "info: the change takes effect with `tedge reconnect c8y --profile p`\n",
    );
    expect((await set("certificate.organization", "ACME", { TEDGE_CERTIFICATE_ORGANIZATION: "x" })).stderr).toBe(
      "warning: the environment variable TEDGE_CERTIFICATE_ORGANIZATION is set and wins over the file\n",
    );
  });

  test("that is refused says what was tried and why", async () => {
    const ran = await run(await ConfigDirectory.make(), (context) =>
      configSet(context, { key: "mqtt_bind_port", value: "x" }),
    );
    expect(ran).toMatchObject({ exit: 1, stdout: "" });
    expect(ran.stderr).toBe(
      "failed to set the configuration key: 'mqtt.bind.port' with value: x.\nFailed to parse input\ninvalid digit found in string",
    );
  });

  test("can be added, removed and unset", async () => {
    const directory = await ConfigDirectory.make();
    const key = "c8y.smartrest.templates";
    await run(directory, (context) => configAdd(context, { key, value: "b,a" }));
    expect((await get(directory, key)).stdout).toBe('["a", "b"]\n');
    await run(directory, (context) => configRemove(context, { key, value: "a" }));
    expect((await get(directory, key)).stdout).toBe('["b"]\n');
    await run(directory, (context) => configUnset(context, { key }));
    expect((await get(directory, key)).stdout).toBe("[]\n");
    const refused = await run(directory, (context) => configRemove(context, { key: "mqtt.bind.port", value: "x" }));
    expect(refused.stderr).toStartWith("failed to Remove or unset the configuration value for 'mqtt.bind.port'\n");
  });

  test("repairs a broken file and tells about it", async () => {
    const directory = await ConfigDirectory.make({ "tedge.toml": "[mqtt]\nbind.port = 1 2\n" });
    const ran = await run(directory, (context) => configSet(context, { key: "mqtt.bind.port", value: "6" }));
    expect(ran.exit).toBe(0);
    expect(ran.stderr).toContain("line 2 is no TOML and was commented out: bind.port = 1 2");
    expect((await get(directory, "mqtt.bind.port")).stdout).toBe("6\n");
  });
});

describe("config list", () => {
  const list = async (options: Parameters<typeof configList>[1], toml = "") => {
    const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo(toml) });
    return run(directory, (context) => configList(context, options));
  };

  test("has a line for each key with a value, and counts one that cannot be read as unset", async () => {
    const { stdout, exit } = await list({});
    expect(exit).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toContain("mqtt.bind.port=1883");
    expect(lines).toContain("logs.max_per_operation=[*:5, software_list:1]");
    expect(lines.some((line) => line.startsWith("device.id="))).toBe(false);
    expect(lines.every((line) => /^[a-z0-9_.]+=./.test(line))).toBe(true);
  });

  test("with --all has the unset ones behind an empty line", async () => {
    expect(
      (await list({ all: true, filter: "mqtt.external.bind" }, 'mqtt.external.bind.address = "::"\n')).stdout,
    ).toBe("mqtt.external.bind.address=::\n\nmqtt.external.bind.port=\nmqtt.external.bind.interface=\n");
  });

  test("with a filter has only keys that contain it, which may be none", async () => {
    expect((await list({ filter: "topic_root" })).stdout).toBe("mqtt.topic_root=te\n");
    expect(await list({ filter: "no such key" })).toMatchObject({ exit: 0, stdout: "" });
    expect((await list({ filter: "profiles.p.url" }, '[c8y.profiles.p]\nurl = "p.example"\n')).stdout).toBe(
      "c8y.profiles.p.url=p.example\n",
    );
  });

  test("with --doc has what keys mean, aligned, and examples, without profiles", async () => {
    expect((await list({ doc: true, filter: "mqtt.bind.e" }, '[c8y.profiles.p]\nurl = "p.example"\n')).stdout).toBe(
      "mqtt.bind.enabled  Whether `tedge connect` writes the listeners of the local broker\n" +
        "                   Note: Set it to false when the broker is configured by hand or runs elsewhere\n" +
        "                   Examples: true, false\n",
    );
    expect((await list({ doc: true }, '[c8y.profiles.p]\nurl = "p.example"\n')).stdout).not.toContain("c8y.profiles");
  });

  test("of a broken file fails with the place", async () => {
    const ran = await list({}, "mqtt.bind.port = 'x'\n");
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain("TOML parse error at line 2, column 18: invalid value for 'mqtt.bind.port'");
  });
});

test("config upgrade tells what it did, on stderr, also when there is nothing to do", async () => {
  const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('[c8y]\nurl = "x.example"\n') });
  const first = await run(directory, configUpgrade);
  expect(first).toMatchObject({ exit: 0, stdout: "" });
  expect(first.stderr).toStartWith(
    "Configuration updates completed successfully.\nYour original configuration has been backed up to: ",
  );
  const second = await run(directory, configUpgrade);
  expect(second).toMatchObject({ exit: 0, stderr: "Configuration is already up to date, nothing was migrated.\n" });
});
