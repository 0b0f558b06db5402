import { afterEach, beforeEach, expect, test } from "bun:test";
import { pluginUpdate } from "../../../../src/operations/plugins/plugin-update.ts";
import { PluginFolder } from "./plugin-folder.ts";

let folder: PluginFolder;

beforeEach(() => {
  folder = new PluginFolder();
});

afterEach(() => folder.dispose());

const update = (stdout: string) => pluginUpdate(new TextEncoder().encode(stdout), folder.log);

test("the object between the markers is the update", () => {
  const stdout = 'done\n:::begin-tedge:::\n{"restartAgent": true}\n:::end-tedge:::\nmore';
  expect(update(stdout)).toEqual({ restartAgent: true });
});

test("without markers there is no update and nothing to tell", () => {
  expect(update("just text")).toEqual({});
  expect(folder.complaints).toEqual([]);
});

test("what is not a JSON object is told and ignored", () => {
  expect(update(":::begin-tedge:::\n{broken\n:::end-tedge:::")).toEqual({});
  expect(update(":::begin-tedge:::\n[1]\n:::end-tedge:::")).toEqual({});
  expect(folder.complaints).toHaveLength(2);
});
