import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Glob } from "bun";
import { compile } from "../../../build/compile.ts";
import { executablePath, hostTarget, type Target } from "../../../build/targets.ts";

const building = new Map<Target, Promise<string>>();

/**
 * Path of tebus compiled for this machine or another target, `build/out/<target>/tebus`. Builds it when it is missing or older than a
 * file of `src/`; `scripts/test` has built the one for this machine before the tests run.
 */
export function executable(target: Target = hostTarget()): Promise<string> {
  const path = building.get(target) ?? buildWhenStale(target);
  building.set(target, path);
  return path;
}

async function buildWhenStale(target: Target): Promise<string> {
  const path = executablePath(target);
  if ((await modified(path)) < (await newestSource())) await compile(target);
  return path;
}

async function newestSource(): Promise<number> {
  const source = join(import.meta.dir, "../../../src");
  const times: number[] = [];
  for await (const file of new Glob("**/*").scan({ cwd: source, absolute: true })) times.push(await modified(file));
  return Math.max(...times);
}

/** Milliseconds since the epoch; 0 when there is no such file. */
async function modified(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}
