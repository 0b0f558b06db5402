import { describeFault, type Fault } from "../../base/fault.ts";
import { quoteText } from "../../base/quoted-text.ts";
import { withoutPassword } from "../../files/transfer/transfer-fault.ts";
import type { CommandAddress } from "../command.ts";
import { exposedFolder } from "./exposed-folder.ts";

/** The reason of a command whose file could not be got, in the words of whoever executes it (spec/operations §4.9, §7.2). */
export function fetchFailure(operation: string, cause: Fault, url: string): string {
  const reason = describeFault(cause);
  return operation === "software_update"
    ? `DownloadError error: ${quoteText(reason)} for ${quoteText(withoutPassword(url))}`
    : `builtin 'download' action failed with: Download failed: ${reason}`;
}

/** As with the firmware updates of old (spec/operations §8.6); `timeout` in milliseconds. */
export function silenceReason({ device, id }: CommandAddress, timeout: number): string {
  const child = exposedFolder(device);
  return `Child device ${child} did not respond within the timeout interval of ${timeout / 1_000}sec. Operation ID=${id}`;
}
