import { dirname } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { exec } from "../../base/exec.ts";
import { checkDiskSpace } from "../disk-space.ts";
import type { TemporaryFile } from "../temporary-file.ts";
import type { TransferFault } from "./transfer-fault.ts";

/** A smaller file is not worth a process. */
const WORTHWHILE = 1024 * 1024;
const TIMEOUT = 60_000;

/**
 * Makes room for a file of `size` bytes: a fault unless what it lacks fits on the disk; then the blocks are reserved, where the file system
 * and `fallocate` of util-linux can do that (spec/http-api §7.1). Throws what the operating system says.
 */
export async function makeRoom(file: TemporaryFile, size: number, clock: Clock): Promise<TransferFault | undefined> {
  const { blocks } = await file.stat();
  const missing = size - Number(blocks) * BLOCK;
  if (missing <= 0) return undefined;
  const full = await checkDiskSpace(dirname(file.path()), missing);
  if (full !== undefined || missing < WORTHWHILE) return full;
  await exec("fallocate", ["--keep-size", "--length", String(size), file.path()], { clock, timeout: TIMEOUT });
  return undefined;
}

/** Bytes of a block as `stat` counts, whatever the file system (stat(2)). */
const BLOCK = 512;
