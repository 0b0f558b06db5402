import { writeSync } from "node:fs";
import { type Fault, toFault } from "../base/fault.ts";

/** Milliseconds to wait when whoever reads us does not keep up. */
const PAUSE = 5;

/**
 * Writes to a descriptor (1 is standard output), all of it before it returns: what was printed is there even when the process ends at once.
 * `lost` is told why the rest is lost: the reader went away (`EPIPE`), or the disk is full.
 */
export function writeWhole(
  descriptor: number,
  content: string | Uint8Array,
  lost: (because: Fault) => void = () => undefined,
): void {
  let rest: Uint8Array = typeof content === "string" ? Buffer.from(content) : content;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (thrown) {
      const because = toFault(thrown);
      if (because.code !== "EAGAIN") return lost(because);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
