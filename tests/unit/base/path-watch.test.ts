import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import type { DirectoryWatch } from "../../../src/base/directory-watch.ts";
import { watchPaths } from "../../../src/base/path-watch.ts";
import { waitUntil } from "../../system/world/wait-until.ts";

let root: string;
let calls: number;
let watch: DirectoryWatch | undefined;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tebus-paths-"));
  calls = 0;
});

afterEach(() => {
  watch?.close();
  rmSync(root, { recursive: true, force: true });
});

const at = (path: string) => join(root, path);

function begin(paths: { readonly directories?: readonly string[]; readonly files?: readonly string[] }): void {
  watch = watchPaths({
    directories: [],
    files: [],
    ...paths,
    clock: systemClock,
    changed: () => {
      calls += 1;
    },
    unwatchable: (fault) => {
      throw new Error(fault.message);
    },
  });
}

/** Does something and waits until it was noticed. */
async function noticed(what: string, act: () => void): Promise<void> {
  const before = calls;
  act();
  await waitUntil(`${what} is noticed`, () => calls > before);
}

test("files that come, change, become executable and go in a directory are noticed", async () => {
  mkdirSync(at("plugins"));
  begin({ directories: [at("plugins")] });
  await noticed("a new file", () => writeFileSync(at("plugins/a"), "1"));
  await noticed("a changed file", () => writeFileSync(at("plugins/a"), "2"));
  await noticed("a changed mode", () => chmodSync(at("plugins/a"), 0o755));
  await noticed("a file that went", () => rmSync(at("plugins/a")));
});

test("a directory that is not there yet, nor the one above it, is noticed once it is", async () => {
  begin({ directories: [at("share/plugins")] });
  mkdirSync(at("share"));
  await noticed("the directory", () => mkdirSync(at("share/plugins")));
  await noticed("a file in it", () => writeFileSync(at("share/plugins/a"), "1"));
});

test("a directory that went, and one that took its place, are noticed", async () => {
  mkdirSync(at("plugins"));
  begin({ directories: [at("plugins")] });
  await noticed("that it went", () => rmSync(at("plugins"), { recursive: true }));
  await noticed("that it is back", () => mkdirSync(at("plugins")));
  await noticed("a file in it", () => writeFileSync(at("plugins/a"), "1"));
  mkdirSync(at("new"));
  await noticed("another in its place", () => {
    renameSync(at("plugins"), at("old"));
    renameSync(at("new"), at("plugins"));
  });
  await noticed("a file in that one", () => writeFileSync(at("plugins/b"), "1"));
});

test("a file is noticed when it is written, moved in or removed, and its neighbours are not", async () => {
  begin({ files: [at("plugins/x.toml")] });
  mkdirSync(at("plugins"));
  await noticed("the new file", () => writeFileSync(at("plugins/x.toml"), "1"));
  writeFileSync(at("other"), "2");
  await noticed("the file that was moved in", () => renameSync(at("other"), at("plugins/x.toml")));
  const before = calls;
  writeFileSync(at("plugins/neighbour"), "1");
  await noticed("that the file went", () => rmSync(at("plugins/x.toml")));
  expect(calls).toBe(before + 1);
});

test("after the watch is closed nothing is noticed", async () => {
  mkdirSync(at("plugins"));
  const other = Promise.withResolvers<void>();
  begin({ directories: [at("plugins")] });
  watch?.close();
  watch = watchPaths({
    directories: [at("plugins")],
    files: [],
    clock: systemClock,
    changed: other.resolve,
    unwatchable: () => undefined,
  });
  writeFileSync(at("plugins/a"), "1");
  await other.promise;
  expect(calls).toBe(0);
});
