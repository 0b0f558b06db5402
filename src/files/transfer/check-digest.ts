import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { fault } from "../../base/fault.ts";
import type { TransferFault } from "./transfer-fault.ts";

/**
 * A fault unless the file has the SHA-256 `expected`, in hex. It reads what is on the disk, in parts, since a download that was gone on with
 * did not pass through one process in one go. Throws what the operating system says.
 */
export async function checkDigest(path: string, expected: string): Promise<TransferFault | undefined> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  const actual = hash.digest("hex");
  if (actual === expected.toLowerCase()) return undefined;
  return fault("checksum", `The SHA-256 of what was downloaded is ${actual}, not ${expected}`);
}
