import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectProbe } from "../system/world/bus-probe.ts";
import { startMosquitto } from "../system/world/mosquitto.ts";
import { startTebus } from "../system/world/run-tebus.ts";
import { waitUntil } from "../system/world/wait-until.ts";
import { deviceWithFarMapper } from "./far-mapper.ts";
import type { Figure } from "./statistics.ts";

const LIMIT = 64 * 1024 * 1024;

/** Names of the files of a control group for memory: version 2, version 1. */
const VERSIONS = [
  { root: "/sys/fs/cgroup", sign: "cgroup.controllers", limit: "memory.max", peak: "memory.peak" },
  {
    root: "/sys/fs/cgroup/memory",
    sign: "memory.limit_in_bytes",
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
  },
] as const;

/**
 * Starts `tedge run all` with one mapper where no more than 64 MB may be used, and waits until all is up. Needs root. The kernel charges a
 * page of the executable to whoever read it first: on a device that is the installation or an earlier start, here the other benches.
 */
export async function benchSmallCgroup(runs: number): Promise<Figure[]> {
  const version = VERSIONS.find(({ root, sign }) => existsSync(join(root, sign)));
  if (version === undefined || process.getuid?.() !== 0) {
    console.log("start in a control group of 64 MB: not measured, needs root and control groups for memory");
    return [];
  }
  const samples: number[] = [];
  for (let run = 0; run < runs; run += 1) samples.push(await peakInside(version));
  return [{ name: "peak of `run all` with one mapper in a control group of 64 MB", unit: "MB", samples }];
}

/** Megabytes; throws when it does not come up. */
async function peakInside(version: (typeof VERSIONS)[number]): Promise<number> {
  const group = join(version.root, `tebus-bench-${process.pid}`);
  await mkdir(group);
  await writeFile(join(group, version.limit), String(LIMIT));
  try {
    await using local = await startMosquitto();
    await using far = await startMosquitto();
    await using device = await deviceWithFarMapper(local.port, far.port);
    await using probe = await connectProbe(local.port, ["te/+/+/+/+/status/health"]);
    const prefix = ["sh", "-euc", `echo $$ > ${join(group, "cgroup.procs")}; exec "$0" "$@"`];
    await using tebus = await startTebus(["run", "all"], { configDir: device.configDir, prefix });
    await probe.waitFor("the bridge is up", ({ topic, payload }) => topic.includes("bridge") && payload.includes("up"));
    const peak = Number(await readFile(join(group, version.peak), "utf8"));
    await tebus.stop();
    return peak / 1024 / 1024;
  } finally {
    await waitUntil("the control group is empty", async () => {
      await rmdir(group);
      return true;
    });
  }
}
