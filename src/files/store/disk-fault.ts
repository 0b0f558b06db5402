import { fileFault } from "../../base/atomic-file.ts";
import { fault } from "../../base/fault.ts";
import type { FileStoreFault } from "./store-fault.ts";

/** One fault for what the operating system says; a full disk has a code of its own. */
export function diskFault(thrown: unknown, message = "Input or output failed"): FileStoreFault {
  const { code, cause } = fileFault(message, thrown);
  return fault(code === "disk-full" ? code : "io", message, { cause });
}
