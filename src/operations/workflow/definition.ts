import type { JsonObject } from "../../base/json.ts";
import type { CommandLine } from "./command-line.ts";
import type { PathExpression } from "./path-expression.ts";

/** Kinds of entities that commands are for, as registrations name them in `@type`. */
export const ENTITY_TYPES = ["device", "child-device", "service"] as const;
export type EntityType = (typeof ENTITY_TYPES)[number];

/** How one operation is executed: what to do in each state of a command (spec/operations §3). */
export interface Workflow {
  readonly operation: string;
  /** Whose commands it is for; devices when the file does not say. */
  readonly type?: EntityType;
  /** SHA-256 of the definition file in hex, or `builtin`. */
  readonly version: string;
  /** Every state that a command can be in, `successful` and `failed` included. */
  readonly states: ReadonlyMap<string, Action>;
  /** The definition file as read; absent for a built-in workflow. */
  readonly source?: Uint8Array;
  /** Why the file is ill-formed; `states` then lead every command to `failed` with this reason (spec/operations §3.8). */
  readonly mistake?: string;
}

/** The version of a workflow that has no file. */
export const BUILTIN_VERSION = "builtin";

/** Where to go, and the static reason that comes along. */
export interface Handler {
  readonly status: string;
  readonly reason?: string;
}

/** Where the end of a script leads (spec/operations §4.3). */
export interface ExitHandlers {
  /** For exit 0; without it the script tells the next state on its standard output. */
  readonly success?: Handler;
  readonly codes: readonly ExitRange[];
  readonly error: Handler;
  readonly kill?: Handler;
  /** The states that standard output may name; without the list, any state of the workflow. */
  readonly stdout?: readonly string[];
}

/** Exit codes `from` to `to`, both included. */
export interface ExitRange {
  readonly from: number;
  readonly to: number;
  readonly handler: Handler;
}

/** What is drawn from one command into another: a table with expressions in it, or one expression that gives the whole (spec/operations §4.1). */
export type Excerpt =
  | { readonly kind: "table"; readonly table: JsonObject }
  | { readonly kind: "text"; readonly text: string };

/** What to do in one state. Times in milliseconds. */
export type Action =
  | { readonly kind: "proceed"; readonly onSuccess: Handler }
  | { readonly kind: "cleanup" }
  | ScriptAction
  | { readonly kind: "background-script"; readonly command: CommandLine; readonly onExec: Handler }
  | SubOperationAction
  | { readonly kind: "builtin-operation"; readonly operation: string; readonly onExec: Handler }
  | AwaitCompletionAction
  | {
      readonly kind: "await-agent-restart";
      readonly timeout: number;
      readonly onSuccess: Handler;
      readonly onTimeout: Handler;
    }
  | { readonly kind: "restart-agent"; readonly onExec: Handler }
  | IterateAction
  | TransferAction
  | BuiltinStepAction
  | { readonly kind: "refuse"; readonly reason: string };

export interface ScriptAction {
  readonly kind: "script";
  readonly command: CommandLine;
  readonly exits: ExitHandlers;
  readonly timeout?: number;
}

export interface SubOperationAction {
  readonly kind: "sub-operation";
  /** A template. */
  readonly operation: string;
  readonly inputScript?: CommandLine;
  readonly input: Excerpt;
  readonly onExec: Handler;
}

export interface AwaitCompletionAction {
  readonly kind: "await-operation-completion";
  /** What is awaited when no sub-command is running is the built-in implementation of the operation itself. */
  readonly builtin: boolean;
  readonly output: Excerpt;
  readonly timeout?: number;
  readonly onSuccess: Handler;
  readonly onError: Handler;
  readonly onTimeout: Handler;
}

export interface IterateAction {
  readonly kind: "iterate";
  /** As written, for the log. */
  readonly text: string;
  readonly target: PathExpression;
  readonly onNext: Handler;
  readonly onSuccess: Handler;
  readonly onError: Handler;
}

export interface TransferAction {
  readonly kind: "download" | "upload";
  readonly input: Excerpt;
  readonly onSuccess: Handler;
  readonly onError: Handler;
}

export interface BuiltinStepAction {
  readonly kind: "builtin-step";
  readonly operation: string;
  readonly step: string;
  readonly input: Excerpt;
  readonly onSuccess: Handler;
  readonly onError: Handler;
}

export type ActionKind = Action["kind"];
