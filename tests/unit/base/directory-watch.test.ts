import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { watchDirectory } from "../../../src/base/directory-watch.ts";

const root = mkdtempSync(join(tmpdir(), "tebus-watch-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A clock that lets no time pass, but knows its timers. */
function stillClock() {
  const timers: (() => void)[] = [];
  let wake: () => void = () => undefined;
  const clock: Clock = {
    ...systemClock,
    after(_length, fire) {
      timers.push(fire);
      wake();
      return () => void timers.splice(timers.indexOf(fire), 1);
    },
  };
  const armed = async () => {
    if (timers.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    for (const fire of timers.splice(0)) fire();
  };
  return { clock, timers, armed };
}

const changes: readonly (readonly [string, (directory: string) => Promise<void>])[] = [
  ["written", (directory) => writeFile(join(directory, "new"), "1")],
  ["written again", (directory) => writeFile(join(directory, "old"), "2")],
  ["moved", (directory) => rename(join(directory, "old"), join(directory, "new"))],
  ["removed", (directory) => rm(join(directory, "old"))],
];
test.each(changes)("a file that is %s is noticed", async (what, change) => {
  const directory = join(root, what);
  await mkdir(directory);
  await writeFile(join(directory, "old"), "1");
  const { clock, armed } = stillClock();
  let calls = 0;
  const watch = watchDirectory(directory, clock, () => {
    calls += 1;
  });
  await change(directory);
  await armed();
  expect(calls).toBe(1);
  if (watch.ok) watch.value.close();
});

test("changes that come close together are told as one, and none after the watch was closed", async () => {
  const directory = join(root, "burst");
  await mkdir(directory);
  const { clock, timers, armed } = stillClock();
  let calls = 0;
  const watch = watchDirectory(directory, clock, () => {
    calls += 1;
  });
  for (const name of ["a", "b", "c"]) await writeFile(join(directory, name), "1");
  await armed();
  expect(calls).toBe(1);
  if (watch.ok) watch.value.close();
  expect(timers.length).toBe(0);
});

test("a directory that does not exist cannot be watched", () => {
  const watch = watchDirectory(join(root, "nowhere"), systemClock, () => undefined);
  expect(watch.ok ? "" : watch.fault.code).toBe("unwatchable");
});
