import { readFile } from "node:fs/promises";
import { connectProbe } from "../system/world/bus-probe.ts";
import { startMosquitto } from "../system/world/mosquitto.ts";
import { type RunningTebus, startTebus } from "../system/world/run-tebus.ts";
import { deviceWithFarMapper } from "./far-mapper.ts";
import type { Figure } from "./statistics.ts";

/** Milliseconds that a process is left alone before its memory is looked at. */
const SETTLE = 5_000;

/** Memory of `tedge run all` with one mapper that has nothing to do. */
export async function benchMemory(runs: number): Promise<Figure[]> {
  const anonymous: number[] = [];
  const resident: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using local = await startMosquitto();
    await using far = await startMosquitto();
    await using device = await deviceWithFarMapper(local.port, far.port);
    await using probe = await connectProbe(local.port, ["te/+/+/+/+/status/health"]);
    await using tebus = await startTebus(["run", "all"], { configDir: device.configDir });
    await probe.waitFor("the bridge is up", ({ topic, payload }) => topic.includes("bridge") && payload.includes("up"));
    await Bun.sleep(SETTLE);
    const memory = await memoryOf(tebus);
    anonymous.push(memory.anonymous);
    resident.push(memory.resident);
    await tebus.stop();
  }
  return [
    { name: "idle `run all` with one mapper: private (anonymous)", unit: "MB", samples: anonymous },
    { name: "idle `run all` with one mapper: resident (RSS)", unit: "MB", samples: resident },
  ];
}

/** Megabytes (2^20 bytes). */
export async function memoryOf({
  pid,
}: RunningTebus): Promise<{ readonly anonymous: number; readonly resident: number }> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) / 1_024;
  return { anonymous: megabytes("Anonymous"), resident: megabytes("Rss") };
}
