import { writeSync } from "node:fs";
import { toFault } from "../base/fault.ts";

/** Milliseconds to wait when whoever reads us does not keep up. */
const PAUSE = 5;

/**
 * Writes to a descriptor (1 is standard output), all of it before it returns: what was printed is there even when the process ends at once.
 * A reader that went away is told by `closed`; the rest is then lost.
 */
export function writeWhole(
  descriptor: number,
  content: string | Uint8Array,
  closed: () => void = () => undefined,
): void {
  let rest: Uint8Array = typeof content === "string" ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (thrown) {
      if (toFault(thrown).code !== "EAGAIN") return closed();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
