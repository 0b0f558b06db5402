import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";

/** How a command ended (spec/cli-and-config §1.3). */
export type CommandOutcome =
  /** Exit 0 unless told otherwise. */
  | { readonly kind: "done"; readonly exit?: number }
  /** `Error: failed to <description>` (or `Error: <top>` when given) and the causes on stderr; exit 1 unless told otherwise. */
  | {
      readonly kind: "failed";
      readonly description: string;
      /** Replaces `failed to <description>`: `missing configuration parameter` of argument checks. */
      readonly top?: string;
      readonly fault: Fault;
      readonly exit?: number;
    }
  /** The text on stderr; exit 2 unless told otherwise. */
  | { readonly kind: "usage"; readonly text: string; readonly exit?: number };

/** What a command may use of the world. */
export interface CliContext {
  readonly configDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Writes raw text; adds no newline. */
  readonly stdout: (text: string) => void | Promise<void>;
  readonly stderr: (text: string) => void;
  readonly log: Log;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Aborted on SIGINT, SIGTERM and SIGQUIT. */
  readonly signal: AbortSignal;
}
