import { statfs } from "node:fs/promises";
import { fault } from "../base/fault.ts";
import type { TransferFault } from "./transfer/transfer-fault.ts";

/** Part of a file system that downloads leave free. */
const RESERVE = 0.05;

/** A fault unless `size` bytes fit into the file system of `directory` with 5 % of it left (spec/http-api §7.1). */
export async function checkDiskSpace(directory: string, size: number): Promise<TransferFault | undefined> {
  const { bsize, blocks, bfree } = await statfs(directory);
  return bsize * (bfree - blocks * RESERVE) > size ? undefined : fault("disk-full", "Not enough disk space");
}
