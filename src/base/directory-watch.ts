import { watch } from "node:fs";
import type { CancelTimer, Clock } from "./clock.ts";
import { type Fault, fault, toFault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

export interface DirectoryWatch {
  close(): void;
}

/** Editors write, rename and copy in several steps: one call for what happens within so many milliseconds. */
const SETTLE = 200;

/**
 * Calls `changed` after something changed directly in a directory, not more often than every 200 ms. Code `unwatchable` when the directory
 * does not exist or the system has no watch left; a watch that breaks later calls `changed` once more.
 */
export function watchDirectory(
  directory: string,
  clock: Clock,
  changed: () => void,
): Result<DirectoryWatch, Fault<"unwatchable">> {
  let cancel: CancelTimer | undefined;
  const settle = () => {
    cancel ??= clock.after(SETTLE, () => {
      cancel = undefined;
      changed();
    });
  };
  try {
    const watcher = watch(directory, settle);
    watcher.on("error", settle);
    return ok({
      close: () => {
        cancel?.();
        watcher.close();
      },
    });
  } catch (thrown) {
    return err(fault("unwatchable", `Changes of ${directory} are not noticed`, { cause: toFault(thrown) }));
  }
}
