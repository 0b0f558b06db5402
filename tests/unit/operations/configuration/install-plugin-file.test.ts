import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPluginFile } from "../../../../src/operations/configuration/install-plugin-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tebus-plugin-file-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const install = () => installPluginFile({ configDirectory: directory, user: "tedge", group: "tedge" });
const file = () => join(directory, "plugins", "tedge-configuration-plugin.toml");
const legacy = () => join(directory, "c8y", "c8y-configuration-plugin.toml");

test("a device without the file gets one, which is not made anew once it is there", async () => {
  expect(await install()).toMatchObject({ ok: true });
  expect(readFileSync(file(), "utf8")).toContain('type = "tedge-log-plugin"');
  writeFileSync(file(), "mine");
  expect(await install()).toMatchObject({ ok: true });
  expect(readFileSync(file(), "utf8")).toBe("mine");
});

test("the file of an old version is moved", async () => {
  mkdirSync(join(directory, "c8y"));
  writeFileSync(legacy(), "old");
  expect(await install()).toMatchObject({ ok: true });
  expect(readFileSync(file(), "utf8")).toBe("old");
  expect(existsSync(legacy())).toBe(false);
});

test("the file of an old version stays beside one of the new version", async () => {
  mkdirSync(join(directory, "c8y"));
  writeFileSync(legacy(), "old");
  mkdirSync(join(directory, "plugins"));
  writeFileSync(file(), "mine");
  await install();
  expect(readFileSync(file(), "utf8")).toBe("mine");
  expect(readFileSync(legacy(), "utf8")).toBe("old");
});

test("what stands in the way is told", async () => {
  writeFileSync(join(directory, "plugins"), "");
  const installed = await install();
  expect(!installed.ok && installed.fault.message).toBe(`Cannot make ${file()}`);
});
