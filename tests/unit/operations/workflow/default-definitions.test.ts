import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONFIG_SNAPSHOT_DEFINITION } from "../../../../src/operations/configuration/config-snapshot-definition.ts";
import { CONFIG_UPDATE_DEFINITION } from "../../../../src/operations/configuration/config-update-definition.ts";
import { installDefinitions } from "../../../../src/operations/workflow/default-definitions.ts";
import { parseWorkflowFile } from "../../../../src/operations/workflow/workflow-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tebus-definitions-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);
const text = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), "utf8") : undefined);
const install = (content: string) => installDefinitions(directory, [{ operation: "x", text: content }]);

test("at first the definition and its template are written", async () => {
  expect(await install("one")).toMatchObject({ ok: true });
  expect(readdirSync(directory).sort()).toEqual(["x.toml", "x.toml.template"]);
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["one", "one"]);
});

test("a definition that nobody touched follows the default, whatever bytes it is made of", async () => {
  await install("one");
  await install("zwei – drei");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["zwei – drei", "zwei – drei"]);
  await install("two");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["two", "two"]);
});

test("a definition that was changed stays, and the template follows the default", async () => {
  await install("one");
  writeFileSync(at("x.toml"), "mine");
  await install("two");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["mine", "two"]);
});

test("a definition that was there before any template stays", async () => {
  writeFileSync(at("x.toml"), "mine");
  await install("one");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["mine", "one"]);
});

test("a definition that was deleted does not come back", async () => {
  await install("one");
  rmSync(at("x.toml"));
  await install("two");
  expect([text("x.toml"), text("x.toml.template")]).toEqual([undefined, "two"]);
});

test("a marker keeps a definition from being made or upgraded", async () => {
  writeFileSync(at("x.toml.disabled"), "");
  await install("one");
  expect([text("x.toml"), text("x.toml.template")]).toEqual([undefined, "one"]);
  writeFileSync(at("x.toml"), "one");
  await install("two");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["one", "two"]);
});

test("an upgrade that power was lost in between is completed, and later ones are not lost", async () => {
  await install("one");
  writeFileSync(at("x.toml"), "two");
  await install("two");
  await install("three");
  expect([text("x.toml"), text("x.toml.template")]).toEqual(["three", "three"]);
});

test("a directory that cannot be written to is told", async () => {
  writeFileSync(at("file"), "");
  const installed = await installDefinitions(at("file"), [{ operation: "x", text: "one" }]);
  expect(!installed.ok && installed.fault.message).toStartWith(`Cannot install ${at("file")}/x.toml`);
});

const DEFAULTS = [CONFIG_SNAPSHOT_DEFINITION, CONFIG_UPDATE_DEFINITION].map(
  ({ operation, text }) => [operation, text] as const,
);

test.each(DEFAULTS)("the default of %s is a definition without mistakes", (operation, content) => {
  const parsed = parseWorkflowFile("x.toml", new TextEncoder().encode(content));
  expect(parsed).toMatchObject({ ok: true, value: { operation } });
  expect(parsed.ok && parsed.value.mistake).toBeUndefined();
});
