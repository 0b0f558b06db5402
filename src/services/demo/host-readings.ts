import { readdir, readFile } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";

/** What this host measures of itself. Absent is what the host does not have. */
export interface HostReadings {
  /** Share of the processors in use since the last reading, percent. */
  readonly cpu: number;
  /** Share of the memory in use, percent. */
  readonly memory: number;
  /** Processes waiting to run, average of one minute. */
  readonly load: number;
  /** Degrees Celsius of the first thermal zone. */
  readonly temperature?: number;
}

/** Reads the host; the share of the processors counts from one call to the next. */
export function hostProbe(): () => Promise<HostReadings> {
  let before = processorTimes();
  return async () => {
    const now = processorTimes();
    const total = now.total - before.total;
    const busy = total === 0 ? 0 : 1 - (now.idle - before.idle) / total;
    before = now;
    const temperature = await readTemperature();
    return {
      cpu: oneDecimal(busy * 100),
      memory: oneDecimal((1 - freemem() / totalmem()) * 100),
      load: oneDecimal(loadavg()[0] ?? 0),
      ...(temperature === undefined ? {} : { temperature }),
    };
  };
}

function processorTimes(): { readonly idle: number; readonly total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.idle + times.irq + times.nice + times.sys + times.user;
  }
  return { idle, total };
}

const THERMAL = "/sys/class/thermal";

async function readTemperature(): Promise<number | undefined> {
  try {
    const zone = (await readdir(THERMAL)).find((name) => name.startsWith("thermal_zone"));
    if (zone === undefined) return undefined;
    const milliDegrees = Number(await readFile(`${THERMAL}/${zone}/temp`, "utf8"));
    return Number.isFinite(milliDegrees) ? oneDecimal(milliDegrees / 1_000) : undefined;
  } catch {
    return undefined;
  }
}

function oneDecimal(value: number): number {
  return Math.round(value * 10) / 10;
}
