import type { CommandPayload } from "../../bus/payload/command.ts";
import type { CommandLine } from "../workflow/command-line.ts";
import type { Workflow } from "../workflow/definition.ts";

/** What would happen. `chain` is the operation, with those above it for a sub-command, as in `device_profile > restart`. */
export type RehearsalEvent =
  | { readonly kind: "state"; readonly chain: string; readonly payload: CommandPayload; readonly workflow: Workflow }
  /** A script is started; `exit` unless it is one in the background, whose end nobody waits for. */
  | {
      readonly kind: "program";
      readonly chain: string;
      readonly state: string;
      readonly command: CommandLine;
      readonly exit?: string;
    }
  | { readonly kind: "note"; readonly chain: string; readonly state: string; readonly text: string };
