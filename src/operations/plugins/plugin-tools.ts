import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Sudo } from "../../base/sudo.ts";
import type { Exec } from "../steps/run-program.ts";

/** What every kind of plugin is run with. */
export interface PluginTools {
  /** `tmp.path`: the directory that plugins run in. */
  readonly tmp: string;
  readonly sudo: Sudo;
  readonly clock: Clock;
  /** `execWithSudo`, or how tests start programs. */
  readonly exec: Exec;
  readonly log: Log;
}

/** An executable file; its name is the type that it manages. */
export interface Plugin {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}
