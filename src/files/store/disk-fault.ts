import { fileFault } from "../../base/atomic-file.ts";
import { fault, toFault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import type { FileStoreFault } from "./store-fault.ts";

/** Why no file can be at a path, whatever is on the disk now or is written later; `undefined` for another trouble. */
export function impossiblePath(path: string, thrown: unknown): FileStoreFault | undefined {
  const reason = IMPOSSIBLE[toFault(thrown).code];
  return reason === undefined ? undefined : fault("impossible", `Invalid file path: ${quoteText(path)}: ${reason}`);
}

const IMPOSSIBLE: Readonly<Partial<Record<string, string>>> = {
  ENAMETOOLONG: "a name is too long",
  ENOTDIR: "a file is in the place of a directory",
  EEXIST: "a file is in the place of a directory",
  ERR_INVALID_ARG_VALUE: "it holds a NUL",
};

/** One fault for what the operating system says; a full disk has a code of its own. */
export function diskFault(thrown: unknown, message = "Input or output failed"): FileStoreFault {
  const { code, cause } = fileFault(message, thrown);
  return fault(code === "disk-full" ? code : "io", message, { cause });
}
