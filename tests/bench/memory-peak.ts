import { readFile } from "node:fs/promises";

/** Megabytes (2^20 bytes) of private memory by which a process grows at most while `work` is done. */
export async function memoryGrowth(pid: number, work: () => Promise<void>): Promise<number> {
  const before = await anonymous(pid);
  let peak = before;
  let isDone = false;
  const watch = async () => {
    while (!isDone) {
      peak = Math.max(peak, await anonymous(pid));
      await Bun.sleep(20);
    }
  };
  const watched = watch();
  try {
    await work();
  } finally {
    isDone = true;
    await watched;
  }
  return peak - before;
}

/** Megabytes. */
async function anonymous(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Anonymous:\s+(\d+) kB/m.exec(text)?.[1]) / 1_024;
}
