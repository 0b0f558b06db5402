import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readText, replaceFile } from "../../../src/base/atomic-file.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-atomic-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

test("a file is replaced whole, with the mode asked for and no temporary file left", async () => {
  const path = join(directory, "deep", "er", "file");
  expect((await replaceFile(path, "one")).ok).toBe(true);
  expect((await replaceFile(path, "two", { mode: 0o600 })).ok).toBe(true);
  expect(await readFile(path, "utf8")).toBe("two");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(directory, "deep", "er"))).toEqual(["file"]);
});

test("a symbolic link stays a link and its target is replaced", async () => {
  await writeFile(join(directory, "target"), "old");
  await symlink("target", join(directory, "link"));
  await replaceFile(join(directory, "link"), "new");
  expect(await readFile(join(directory, "target"), "utf8")).toBe("new");
  expect((await readdir(directory)).sort()).toEqual(["link", "target"]);
});

test("what cannot be written is a fault that names the file, and leaves nothing behind", async () => {
  await writeFile(join(directory, "file"), "kept");
  const result = await replaceFile(join(directory, "file", "below"), "x");
  expect(result.ok ? "" : result.fault.message).toBe(`Cannot write ${join(directory, "file", "below")}`);
  expect(result.ok ? "" : result.fault.cause?.message).toMatch(/^(Not a directory|File exists) \(os error \d+\)$/);
  expect(await readdir(directory)).toEqual(["file"]);
  expect(await readFile(join(directory, "file"), "utf8")).toBe("kept");
});

test("a directory in the way is a fault and no temporary file stays", async () => {
  const path = join(directory, "name");
  await replaceFile(join(path, "inside"), "x");
  expect((await replaceFile(path, "y")).ok).toBe(false);
  expect(await readdir(directory)).toEqual(["name"]);
});

test("a missing file is told apart from other faults", async () => {
  const result = await readText(join(directory, "none"));
  expect(result.ok ? "" : result.fault.code).toBe("not-found");
});
