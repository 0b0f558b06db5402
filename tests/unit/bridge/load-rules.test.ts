// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFault } from "../../../src/base/fault.ts";
import { loadRules, type RuleLoadFault } from "../../../src/bridge/load-rules.ts";
import { referencesTo } from "./references.ts";

let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-rules-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function load(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return await loadRules(directory, referencesTo({ mapper: { "device.id": "gw7" } }));
}

async function refusal(files: Readonly<Record<string, string>>): Promise<RuleLoadFault> {
  const loaded = await load(files);
  if (loaded.ok) throw new Error("These rules should be refused");
  return loaded.fault;
}

const rule = (topic: string) => `[[rule]]
local_prefix = "l/"
remote_prefix = "r/"
topic = "${topic}"
direction = "outbound"
`;

describe("loading rules", () => {
  test("reads the TOML files of the directory by name, and nothing else", async () => {
    await mkdir(join(directory, "sub"));
    await writeFile(join(directory, "sub", "deep.toml"), "not toml");
    const loaded = await load({
      "b.toml": rule("b"),
      "a.toml": rule("a"),
      "c.toml": "broken = ",
      "c.toml.disabled": "",
      "d.toml.template": "broken = ",
      "notes.txt": "x",
    });
    expect(loaded).toMatchObject({
      ok: true,
      value: {
        rules: [{ topic: "a" }, { topic: "b" }],
        files: [join(directory, "a.toml"), join(directory, "b.toml")],
        disabled: [join(directory, "c.toml")],
      },
    });
  });

  test("of an empty directory gives no rules", async () => {
    expect(await load({})).toMatchObject({ ok: true, value: { rules: [] } });
  });

  test("reports all mistakes of all files, each with its place underlined and what to do", async () => {
    const { message, report, code } = await refusal({
      "a.toml": rule("${mapper.devise.id}/${mapper.device.id}").replace('"l/"', '"${tedge.x}"'),
      "b.toml": rule("ok"),
      "c.toml": rule("#/x"),
    });
    expect({ message, code }).toEqual({ message: "Invalid bridge config template", code: "invalid-rules" });
    expect(report.split("\n")).toEqual([
      "Failed to expand bridge configuration",
      "error: Failed to expand local_prefix: Unknown key: 'x'",
      ` --> ${directory}/a.toml:2:17`,
      "  |",
      '2 | local_prefix = "${tedge.x}"',
      "  |                 ^^^^^^^^^^",
      "error: Failed to expand topic: Unknown mapper config key 'devise.id'",
      ` --> ${directory}/a.toml:4:10`,
      "  |",
      '4 | topic = "${mapper.devise.id}/${mapper.device.id}"',
      "  |          ^^^^^^^^^^^^^^^^^^^",
      "  = note: 'devise.id' is not a recognised field — check for typos",
      "",
      "Failed to expand bridge configuration",
      'error: "#/x" is not a valid MQTT bridge topic filter',
      ` --> ${directory}/c.toml:4:9`,
      "  |",
      '4 | topic = "#/x"',
      "  |         ^^^^^",
    ]);
  });

  test("has the text of the first mistake in its chain of causes", async () => {
    expect(describeFault(await refusal({ "a.toml": rule("#/x") }))).toBe(
      `Invalid bridge config template: ${directory}/a.toml: "#/x" is not a valid MQTT bridge topic filter`,
    );
  });

  test("reports TOML that cannot be read, and fields that are not known", async () => {
    const { report } = await refusal({ "a.toml": "x = ", "b.toml": `${rule("a")}qos = 1\n` });
    expect(report).toStartWith("Failed to parse TOML configuration\nerror: TOML parse error at line 1, column");
    expect(report).toContain(
      `Failed to parse TOML configuration\nerror: unknown field 'qos'\n --> ${directory}/b.toml:6:1`,
    );
  });

  test("fails when a file or the directory cannot be read", async () => {
    await mkdir(join(directory, "x.toml"));
    expect(await refusal({})).toMatchObject({
      code: "unreadable-rules",
      message: "Failed to read bridge config files",
    });
    const missing = await loadRules(join(directory, "missing"), referencesTo({}));
    expect(missing).toMatchObject({ ok: false, fault: { code: "unreadable-rules" } });
  });
});
