import { join } from "node:path";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Disk } from "../disk.ts";

/** Tells whether the machine was booted since a moment that was noted (spec/operations §7.5). */
export interface RebootDetection {
  /** Notes the moment in a file that many systems lose when they boot. */
  note(): Promise<Result<undefined, Fault>>;
  /** What the kernel calls the present boot, if it does. */
  bootId(): Promise<string | undefined>;
  /** `bootId` is that of the moment, if it is known: it tells the truth where clocks are set after the boot. */
  hasRebooted(bootId: string | undefined): Promise<Result<boolean, Fault>>;
  forget(): Promise<void>;
}

export interface RebootDetectionOptions {
  /** `<tmp.path>/tedge_agent_restart`, Unix seconds as text. */
  readonly witness: string;
  /** `/proc` */
  readonly proc: string;
  readonly disk: Disk;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createRebootDetection({ witness, proc, disk, now }: RebootDetectionOptions): RebootDetection {
  const readText = async (path: string): Promise<Result<string, Fault>> => {
    const read = await disk.read(path);
    return read.ok ? ok(new TextDecoder().decode(read.value).trim()) : read;
  };

  const bootId = async () => {
    const read = await readText(join(proc, "sys/kernel/random/boot_id"));
    return read.ok && read.value !== "" ? read.value : undefined;
  };

  /** Unix seconds. */
  const bootTime = async (): Promise<Result<number, Fault>> => {
    const path = join(proc, "uptime");
    const read = await readText(path);
    if (!read.ok) return read;
    const [first = ""] = read.value.split(" ");
    if (!/^\d+(\.\d+)?$/.test(first)) return err(fault("invalid-uptime", `${path} does not begin with a number`));
    return ok(Math.floor(now() / 1_000) - Math.floor(Number(first)));
  };

  return {
    note: () => disk.replace(witness, String(Math.floor(now() / 1_000))),
    bootId,
    async hasRebooted(before) {
      const noted = await readText(witness);
      if (!noted.ok) return noted.fault.code === "not-found" ? ok(true) : noted;
      const current = await bootId();
      if (before !== undefined && current !== undefined) return ok(before !== current);
      if (!/^\d+$/.test(noted.value)) return err(fault("invalid-witness", `${witness} does not hold a time`));
      const booted = await bootTime();
      return booted.ok ? ok(booted.value > Number(noted.value)) : booted;
    },
    forget: async () => void (await disk.remove(witness)),
  };
}
