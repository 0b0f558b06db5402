import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { err } from "../../../../src/base/result.ts";
import { MAIN_DEVICE } from "../../../../src/bus/entity-id.ts";
import { deviceScope } from "../../../../src/operations/command-scope.ts";
import { type Disk, realDisk } from "../../../../src/operations/disk.ts";
import { createLibrary, versionKey } from "../../../../src/operations/workflow/workflow-library.ts";
import { recordedLog } from "../../http/recorded-log.ts";

const root = mkdtempSync(join(tmpdir(), "tebus-library-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let directory = root;
let count = 0;
beforeEach(async () => {
  directory = join(root, String(count++));
  await mkdir(join(directory, "definitions"), { recursive: true });
});

function library(builtins: readonly string[] = [], disk: Disk = realDisk, log = recordedLog()) {
  const places = { definitions: join(directory, "definitions"), copies: join(directory, "copies") };
  return createLibrary({ ...places, builtins, accepts: deviceScope(MAIN_DEVICE).accepts, disk, log });
}
const define = (name: string, operation: string, reason = "") =>
  writeFile(
    join(directory, "definitions", name),
    `operation = "${operation}"\n[init]\naction = "proceed"\non_success = { status = "successful", reason = "${reason}" }\n`,
  );
const files = (name: string) => readdir(join(directory, name)).catch(() => []);

test("a scan tells what is new, changed and gone, and only that", async () => {
  await define("x.toml", "a");
  await define("y.toml", "b");
  await define("z.txt", "c");
  await mkdir(join(directory, "definitions", "c8y"));
  const known = library();
  expect(await known.rescan()).toMatchObject({ value: ["a", "b"] });
  expect(await known.rescan()).toMatchObject({ value: [] });
  await define("x.toml", "a", "other");
  await define("y.toml", "c");
  expect(await known.rescan()).toMatchObject({ value: ["a", "b", "c"] });
  expect(known.operations()).toEqual(["a", "c"]);
});

test("of two files for one operation the last one counts, and that is told once", async () => {
  await define("1.toml", "a", "first");
  await define("2.toml", "a", "second");
  const log = recordedLog();
  const known = library([], realDisk, log);
  await known.rescan();
  await known.rescan();
  expect(known.current("a")?.states.get("init")).toMatchObject({ onSuccess: { reason: "second" } });
  expect(log.lines.filter((line) => line.startsWith("warn"))).toHaveLength(1);
});

test("a built-in operation is there unless a file overrides it", async () => {
  const known = library(["restart"]);
  await known.rescan();
  expect(known.current("restart")?.version).toBe("builtin");
  await define("r.toml", "restart");
  await known.rescan();
  expect(known.current("restart")?.version).toMatch(/^[0-9a-f]{64}$/);
  expect(known.find("restart", "builtin")?.version).toBe("builtin");
});

test("only versions that a command follows are found, also by the next process", async () => {
  await define("x.toml", "a");
  const known = library();
  await known.rescan();
  const workflow = known.current("a");
  if (workflow === undefined) throw new Error("not read");
  expect(known.find("a", workflow.version)).toBeUndefined();
  await known.keep(workflow);
  known.settle(workflow);
  expect(known.find("a", workflow.version)).toBe(workflow);
  expect(await files("copies")).toEqual([`a-${workflow.version}.toml`]);
  const next = library();
  await next.open();
  expect(next.find("a", workflow.version)?.states).toEqual(workflow.states);
  expect(next.isInUse("a")).toBe(true);
});

test("a copy goes when nobody needs it, but not while a command is about to", async () => {
  await define("x.toml", "a");
  const known = library();
  await known.rescan();
  const workflow = known.current("a");
  if (workflow === undefined) throw new Error("not read");
  await known.keep(workflow);
  await known.release(() => false);
  expect(await files("copies")).toHaveLength(1);
  known.settle(workflow);
  await known.release((key) => key === versionKey(workflow));
  expect(await files("copies")).toHaveLength(1);
  await known.release(() => false);
  expect(await files("copies")).toEqual([]);
  expect(known.isInUse("a")).toBe(false);
});

test("a disk that cannot be read just now makes no definition unknown", async () => {
  await define("x.toml", "a");
  let broken = false;
  const fails = async () => err(fault("io" as const, "Input/output error"));
  const known = library([], {
    ...realDisk,
    list: (path, select) => (broken ? fails() : realDisk.list(path, select)),
    read: (path) => (broken ? fails() : realDisk.read(path)),
  });
  await known.rescan();
  broken = true;
  expect((await known.rescan()).ok).toBe(false);
  expect(known.current("a")).toBeDefined();
});

test("one file that cannot be read just now stays what it was, and one that cannot be used is told once", async () => {
  await define("x.toml", "a");
  await writeFile(join(directory, "definitions", "broken.toml"), "[");
  let broken = false;
  const log = recordedLog();
  const fails = async () => err(fault("io" as const, "Input/output error"));
  const known = library([], { ...realDisk, read: (path) => (broken ? fails() : realDisk.read(path)) }, log);
  await known.rescan();
  await known.rescan();
  expect(log.lines).toHaveLength(1);
  broken = true;
  expect(await known.rescan()).toMatchObject({ value: [] });
  expect(known.current("a")).toBeDefined();
});
