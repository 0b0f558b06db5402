import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expandGlob } from "../../../src/base/glob.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "tebus-glob-"));
  for (const path of ["a.log", "b.log", ".hidden.log", "a.log.1", "sub/c.log", "sub/deep/d.log", "x[1].log", "-.log"]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), "");
  }
  await symlink(root, join(root, "sub/loop"));
  await symlink("/nonexistent", join(root, "dangling"));
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("a glob pattern", () => {
  test.each([
    ["a.log", ["a.log"]],
    ["?.log", ["-.log", "a.log", "b.log"]],
    ["*.log", ["-.log", ".hidden.log", "a.log", "b.log", "x[1].log"]],
    ["[ab].log", ["a.log", "b.log"]],
    ["[a-c].log", ["a.log", "b.log"]],
    ["[!a-z].log", ["-.log"]],
    ["[-a].log", ["-.log", "a.log"]],
    ["x[[]1].log", ["x[1].log"]],
    ["a.log*", ["a.log", "a.log.1"]],
    ["*/c.log", ["sub/c.log"]],
    ["**/*.log", ["-.log", ".hidden.log", "a.log", "b.log", "sub/c.log", "sub/deep/d.log", "x[1].log"]],
    ["sub/**/d.log", ["sub/deep/d.log"]],
    ["dangling", ["dangling"]],
    ["missing", []],
    ["missing/*", []],
    ["a.log/*", []],
    ["[", []],
  ])("%s finds what is there", async (pattern, expected) => {
    expect((await expandGlob(join(root, pattern))).map((path) => path.slice(root.length + 1))).toEqual(expected);
  });
});
