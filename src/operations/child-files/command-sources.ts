import { createHash } from "node:crypto";
import * as v from "valibot";
import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import { commandFileName } from "../../files/file-url.ts";

/** A file that a command wants its device to fetch. */
export interface CommandSource {
  /** Where the device would fetch it. */
  readonly url: string;
  /** What the file has to be, in hex, if the request says so. */
  readonly sha256?: string;
  /** Its name below the folder of the operation, one for each file of the command. */
  readonly name: string;
}

/** Gives the URL that the device is to use, or `undefined` to leave it as it is. */
export type ReplaceUrl = (source: CommandSource) => string | undefined;

const Text = v.fallback(v.optional(v.string()), undefined);
const Digest = v.fallback(v.optional(v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{64}$/))), undefined);
const Update = v.object({ type: Text, name: Text, tedgeUrl: Text, remoteUrl: Text, sha256: Digest });
const Module = v.object({ name: Text, url: Text, action: Text, sha256: Digest });

/** Files that a command of an operation wants to be fetched, in order. */
export function commandSources(operation: string, id: string, payload: CommandPayload): readonly CommandSource[] {
  const sources: CommandSource[] = [];
  replaceSources(operation, id, payload, (source) => {
    sources.push(source);
    return undefined;
  });
  return sources;
}

/**
 * The payload with the URLs of its files replaced: `tedgeUrl` of `config_update` and `firmware_update`, which wins over `remoteUrl` with all who
 * execute them; `url` of each module of `software_update` that is to be installed; those of the operations of a `device_profile`.
 */
export function replaceSources(
  operation: string,
  id: string,
  payload: CommandPayload,
  replace: ReplaceUrl,
): CommandPayload {
  const context = { names: new Set<string>(), id, replace };
  const replaced = replaceIn(operation, payload, "", context);
  return { ...replaced, status: payload.status };
}

interface Context {
  /** Taken ones. */
  readonly names: Set<string>;
  readonly id: string;
  readonly replace: ReplaceUrl;
}

function replaceIn(operation: string, payload: JsonObject, prefix: string, context: Context): JsonObject {
  switch (operation) {
    case "config_update":
    case "firmware_update":
      return replaceInUpdate(payload, prefix, context);
    case "software_update":
      return mapMember(payload, "updateList", (group) =>
        mapMember(group, "modules", (module) => replaceInModule(group, module, prefix, context)),
      );
    case "device_profile":
      return mapMember(payload, "operations", (step) => {
        const { operation: nested, payload: inner } = step;
        if (typeof nested !== "string" || nested === "device_profile" || !isJsonObject(inner) || step["@skip"] === true)
          return step;
        return { ...step, payload: replaceIn(nested, inner, `${nested}:`, context) };
      });
    default:
      return payload;
  }
}

function replaceInUpdate(payload: JsonObject, prefix: string, context: Context): JsonObject {
  const { type, name, tedgeUrl, remoteUrl, sha256 } = v.parse(Update, payload);
  const url = tedgeUrl || remoteUrl;
  if (!url) return payload;
  const local = ask(context, url, sha256, `${prefix}${type ?? name ?? ""}`);
  return local === undefined ? payload : { ...payload, tedgeUrl: local };
}

function replaceInModule(group: JsonObject, module: JsonObject, prefix: string, context: Context): JsonObject {
  const { name = "", url, action, sha256 } = v.parse(Module, module);
  if (!url || action === "remove") return module;
  const type = typeof group.type === "string" ? group.type : "";
  const local = ask(context, url, sha256, `${prefix}${type}:${name}`);
  return local === undefined ? module : { ...module, url: local };
}

function ask({ names, id, replace }: Context, url: string, sha256: string | undefined, label: string) {
  const name = freeName(names, (turn) => commandFileName(turn === 1 ? label : `${label}.${turn}`, id));
  return replace({ url, name, ...(sha256 === undefined ? {} : { sha256 }) });
}

function freeName(names: Set<string>, propose: (turn: number) => string): string {
  for (let turn = 1; ; turn += 1) {
    const name = shorten(propose(turn).replaceAll("\0", ""));
    if (names.has(name)) continue;
    names.add(name);
    return name;
  }
}

/** Bytes that the name of a file may have with all file systems, with some left for temporary names. */
const LONGEST_NAME = 200;

function shorten(name: string): string {
  const kept = name.toWellFormed();
  return Buffer.byteLength(kept) <= LONGEST_NAME ? kept : createHash("sha256").update(kept).digest("hex");
}

/** Changes the objects of an array that is a member; everything that is something else stays. */
function mapMember(object: JsonObject, key: string, change: (item: JsonObject) => JsonObject): JsonObject {
  const items = object[key];
  if (!Array.isArray(items)) return object;
  return { ...object, [key]: items.map((item: Json) => (isJsonObject(item) ? change(item) : item)) };
}
