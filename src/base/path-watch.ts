import { type BigIntStats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "./clock.ts";
import { type DirectoryWatch, watchDirectory } from "./directory-watch.ts";
import type { Fault } from "./fault.ts";

export interface PathWatchOptions {
  /** Directories in which anything that changes directly counts; they may appear, go and come back. */
  readonly directories: readonly string[];
  /** Files, likewise. */
  readonly files: readonly string[];
  readonly clock: Clock;
  readonly changed: () => void;
  /** A path that cannot be watched: there is no directory above it, or the system has no watch left. */
  readonly unwatchable: (fault: Fault) => void;
}

/**
 * Calls `changed` after one of the paths changed, appeared or went. While a directory is missing, the nearest one above it is watched. A burst
 * of changes in one directory makes one call.
 */
export function watchPaths(options: PathWatchOptions): DirectoryWatch {
  const { files, clock, changed, unwatchable } = options;
  const watches = options.directories.map((directory) => follow(directory, clock, changed, unwatchable));
  for (const file of files) {
    let before = fingerprint(file);
    const look = () => {
      const now = fingerprint(file);
      if (now === before) return;
      before = now;
      changed();
    };
    watches.push(follow(dirname(file), clock, look, unwatchable));
  }
  return {
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}

/** How often a directory is looked for anew because it came or went while the watch was set up. */
const ATTEMPTS = 5;

/** Watches a directory beyond its own life. */
function follow(
  directory: string,
  clock: Clock,
  changed: () => void,
  unwatchable: (fault: Fault) => void,
): DirectoryWatch {
  let watched: { readonly id: string | undefined; readonly close: () => void } | undefined;

  const attach = () => {
    for (let attempt = 1; ; attempt++) {
      const nearest = nearestDirectory(directory);
      const id = identity(directory);
      const watch = watchDirectory(nearest, clock, look);
      watched = { id, close: watch.ok ? watch.value.close : () => undefined };
      if (identity(directory) === id && nearestDirectory(directory) === nearest) {
        if (!watch.ok) unwatchable(watch.fault);
        return;
      }
      watched.close();
      if (attempt === ATTEMPTS) return;
    }
  };

  const look = () => {
    const before = watched?.id;
    if (before === undefined || identity(directory) !== before) {
      watched?.close();
      attach();
    }
    // Something happened above a directory that is still missing.
    if (before !== undefined || watched?.id !== undefined) changed();
  };

  attach();
  return { close: () => watched?.close() };
}

function nearestDirectory(path: string): string {
  let nearest = path;
  while (identity(nearest) === undefined && dirname(nearest) !== nearest) nearest = dirname(nearest);
  return nearest;
}

/** A directory that is removed and made anew is another one. */
function identity(directory: string): string | undefined {
  const found = statOf(directory);
  return found?.isDirectory() === true ? `${found.dev}:${found.ino}` : undefined;
}

function fingerprint(file: string): string | undefined {
  const found = statOf(file);
  return found === undefined ? undefined : `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
