import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { releaseMemory } from "../../../src/platform/release-memory.ts";

test("memory of what is not needed any more is given back", () => {
  releaseMemory();
  const before = anonymous();
  hoard();
  const hoarded = anonymous();
  expect(hoarded - before).toBeGreaterThan(40);
  releaseMemory();
  // How much depends on what else this process did.
  expect(hoarded - anonymous()).toBeGreaterThan(10);
});

/** Some 60 MB of small objects that nobody holds when it returns. */
function hoard(): number {
  return Array.from({ length: 500_000 }, (_nothing, n) => ({ n, text: `text number ${n}` })).length;
}

/** Private memory of this process in MB. */
function anonymous(): number {
  return Number(/^Anonymous:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "utf8"))?.[1]) / 1024;
}
