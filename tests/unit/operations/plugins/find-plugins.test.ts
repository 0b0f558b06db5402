import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPlugins } from "../../../../src/operations/plugins/find-plugins.ts";
import { PluginFolder } from "./plugin-folder.ts";

let folder: PluginFolder;

beforeEach(() => {
  folder = new PluginFolder();
});

afterEach(() => folder.dispose());

const never = new AbortController().signal;

test("every file whose list succeeds is a plugin named as the file, in alphabetical order", async () => {
  folder.add("zypper", "echo a");
  folder.add("apt", '[ "$1" = list ] && echo b');
  symlinkSync(folder.add("real", "exit 0", folder.root), join(folder.plugins, "link.sh"));
  const { plugins, unreadable } = await findPlugins([folder.plugins], folder.tools(), { signal: never });
  expect([...plugins.keys()]).toEqual(["apt", "link.sh", "zypper"]);
  expect(new TextDecoder().decode(plugins.get("apt")?.listed)).toBe("b\n");
  expect(plugins.get("apt")?.path).toBe(join(folder.plugins, "apt"));
  expect(unreadable).toEqual([]);
  expect(folder.complaints).toEqual([]);
});

test("what fails its list or cannot be executed is skipped and told; directories and dangling links are not looked at", async () => {
  folder.add("broken", "echo no idea >&2; exit 1");
  writeFileSync(join(folder.plugins, "readme"), "text");
  mkdirSync(join(folder.plugins, "sub"));
  symlinkSync("/no/such/file", join(folder.plugins, "dangling"));
  const { plugins, rejected } = await findPlugins([folder.plugins], folder.tools(), { signal: never });
  expect([...plugins.keys()]).toEqual([]);
  expect(rejected.get("broken")).toEqual({ kind: "exit", code: 1, stderr: "no idea\n" });
  expect(folder.complaints.toSorted()).toEqual([
    `Skipping the plugin ${folder.plugins}/broken: its list fails: no idea`,
    `Skipping the plugin ${folder.plugins}/readme: its list fails: Cannot run ${folder.plugins}/readme: Permission denied (os error 13)`,
  ]);
});

test("a plugin of an earlier directory hides one of the same name, unless it is none", async () => {
  const [first, second] = [folder.directory("first"), folder.directory("second")];
  folder.add("file", "echo first", first);
  folder.add("file", "echo second", second);
  folder.add("other", "exit 1", first);
  folder.add("other", "echo second", second);
  const { plugins } = await findPlugins([first, second], folder.tools(), { signal: never });
  expect([...plugins.values()].map(({ path }) => path)).toEqual([join(first, "file"), join(second, "other")]);
});

test("a directory that is not there is told and does not hide the others", async () => {
  folder.add("a", "exit 0");
  const { plugins, unreadable } = await findPlugins(["/no/such/directory", folder.plugins], folder.tools(), {
    signal: never,
  });
  expect([...plugins.keys()]).toEqual(["a"]);
  expect(unreadable.map(({ code }) => code)).toEqual(["not-found"]);
});

test("with an operation log the calls come one after the other and are told there", async () => {
  for (const name of ["a", "b", "c"]) folder.add(name, "mkdir lock && sleep 0.02 && rmdir lock");
  const lines: string[] = [];
  const options = { signal: never, logOutput: (text: string) => lines.push(text) };
  const { plugins } = await findPlugins([folder.plugins], folder.tools(), options);
  expect([...plugins.keys()]).toEqual(["a", "b", "c"]);
  const calls = [...lines.join("").matchAll(/^----- \$ (.*)$/gm)].map(([, call]) => call);
  expect(calls).toEqual(["a", "b", "c"].map((name) => `${folder.plugins}/${name} "list"`));
});
