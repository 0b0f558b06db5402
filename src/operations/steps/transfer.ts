import type { Fault } from "../../base/fault.ts";
import { fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type CommandState, fileStem } from "../command.ts";
import type { TransferAction } from "../workflow/definition.ts";
import { drawExcerpt } from "../workflow/excerpt.ts";
import { follow, type Transition } from "../workflow/transition.ts";

/** Moves files over HTTP. Both retry by themselves, end within a bounded time and give up when the signal is aborted. */
export interface Transfer {
  /** Puts what `url` serves under `path`, whole or not at all. */
  download(url: string, path: string, signal: AbortSignal): Promise<Result<unknown>>;
  /** Sends the file at `path` by PUT. */
  upload(path: string, url: string, signal: AbortSignal): Promise<Result<unknown>>;
}

/** A transfer that a state asks for. */
export interface TransferRequest {
  readonly url: string;
  readonly path: string;
}

type Requested = Result<TransferRequest, Fault<"no-request">>;

/** Where the `download` action of a command puts its file; it is removed when the root command ends. */
export function downloadPath(directory: string, { address }: CommandState): string {
  return `${directory}/${fileStem(address.device, address.operation)}_${address.id}`;
}

/** URL of `input.url`, else `tedgeUrl`, else `remoteUrl` (spec/operations §4.9). */
export function downloadRequest(action: TransferAction, command: CommandState, directory: string): Requested {
  const input = drawExcerpt(action.input, command);
  const url = text(input, "url") ?? filled(command.payload, "tedgeUrl") ?? filled(command.payload, "remoteUrl");
  if (url === undefined) return refused("No valid URL found in input.url, tedgeUrl, or remoteUrl");
  return ok({ url, path: downloadPath(directory, command) });
}

/** URL of `input.url`, else `tedgeUrl`; file of `input.path`, else `path` (spec/operations §4.9). */
export function uploadRequest(action: TransferAction, command: CommandState): Requested {
  const input = drawExcerpt(action.input, command);
  const url = text(input, "url") ?? filled(command.payload, "tedgeUrl");
  if (url === undefined) return refused("No valid URL found in input.url or tedgeUrl");
  const path = text(input, "path") ?? text(command.payload, "path");
  if (path === undefined) return refused("No valid file path found in input.path or path");
  if (path === "") return refused("Upload file path is empty");
  return ok({ url, path });
}

/** A failed action of tebus itself: its reason wins over the handler's (spec/operations §4.9, §4.10). */
export function actionFailed(name: string, onError: { readonly status: string }, error: string): Transition {
  return follow({ status: onError.status, reason: `builtin '${name}' action failed with: ${error}` });
}

function text(from: JsonObject, key: string): string | undefined {
  const value = from[key];
  return typeof value === "string" ? value : undefined;
}

function filled(from: JsonObject, key: string): string | undefined {
  return text(from, key) || undefined;
}

function refused(message: string): Result<never, Fault<"no-request">> {
  return err(fault("no-request", message));
}
