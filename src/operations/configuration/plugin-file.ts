import { join } from "node:path";
import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseToml } from "../../base/toml.ts";
import { tomlText } from "../../base/toml-text.ts";

/** A configuration that the plugin `file` manages (spec/operations §7.8). */
export interface FileEntry {
  readonly path: string;
  readonly type: string;
  /** Of a new file. */
  readonly file: FilePermissions;
  /** Of its directory, if that has to be made. */
  readonly parent: FilePermissions;
  /** To be restarted after a change. */
  readonly service?: string;
}

export interface FilePermissions {
  readonly user?: string;
  readonly group?: string;
  readonly mode?: number;
}

/** The type of the file that lists the others. It is always there. */
const OWN_TYPE = "tedge-configuration-plugin";

export function pluginFilePath(configDirectory: string): string {
  return join(configDirectory, "plugins", `${OWN_TYPE}.toml`);
}

/** The configuration that the file itself is. */
export function ownEntry(path: string): FileEntry {
  return { path, type: OWN_TYPE, file: {}, parent: {} };
}

const Mode = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0o7777));

const ENTRY = v.strictObject({
  path: v.string(),
  type: v.optional(v.string()),
  user: v.optional(v.string()),
  group: v.optional(v.string()),
  mode: v.optional(Mode),
  parent_user: v.optional(v.string()),
  parent_group: v.optional(v.string()),
  parent_mode: v.optional(Mode),
  service: v.optional(v.string()),
  service_action: v.optional(v.string()),
});

const FILE = v.strictObject({ files: v.array(ENTRY) });

type Refused = Fault<"invalid-plugin-file">;

/** Reads the text of `tedge-configuration-plugin.toml`; one mistake refuses all of it. `path` is for the messages and the entry of the file itself. */
export function parsePluginFile(path: string, text: string): Result<readonly FileEntry[], Refused> {
  const toml = parseToml(text);
  if (!toml.ok) return malformed(path, toml.fault.message);
  const parsed = v.safeParse(FILE, toml.value);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const place = v.getDotPath(issue);
    return malformed(path, place === null ? issue.message : `${place}: ${issue.message}`);
  }
  const entries = new Map([[OWN_TYPE, ownEntry(path)]]);
  for (const table of parsed.output.files) {
    const entry = toEntry(table);
    if (!entry.ok) return entry;
    const { type } = entry.value;
    if (entries.has(type)) return refused(`The config file has the duplicated type '${type}'.`);
    entries.set(type, entry.value);
  }
  return ok([...entries.values()]);
}

function toEntry(table: v.InferOutput<typeof ENTRY>): Result<FileEntry, Refused> {
  const { path, type = path, user, group, mode, parent_mode, service, service_action: action } = table;
  if (/[+#]/.test(type)) return refused(`The config type '${type}' contains the forbidden characters, '+' or '#'.`);
  if (/[\r\n]/.test(type)) return refused(`The config type ${JSON.stringify(type)} is not on one line.`);
  if (action !== undefined && service === undefined) {
    return refused(`The service_action field requires a service field to be specified for config type '${type}'.`);
  }
  if (action !== undefined && action !== "restart") {
    return refused(`The service_action '${action}' is not supported. Valid actions are: restart`);
  }
  return ok({
    path,
    type,
    file: permissions(user, group, mode),
    parent: permissions(table.parent_user ?? user, table.parent_group ?? group, parent_mode),
    ...(service === undefined ? {} : { service }),
  });
}

function permissions(user?: string, group?: string, mode?: number): FilePermissions {
  return {
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(mode === undefined ? {} : { mode }),
  };
}

function malformed(path: string, why: string): Result<never, Refused> {
  return refused(`The config file ${path} is malformed: ${why}`);
}

function refused(message: string): Result<never, Refused> {
  return err(fault("invalid-plugin-file", message));
}

/** What the file holds at first. `user` and `group` own the files of an agent; empty when that is nobody in particular. */
export function defaultPluginFile(
  configDirectory: string,
  owner: { readonly user: string; readonly group: string },
): string {
  const { user, group } = owner;
  return [
    "# Files that can be fetched and replaced by config_snapshot and config_update, each with a type to ask for.",
    "# Other keys: user, group, mode (of a new file), parent_user, parent_group, parent_mode (of its directory),",
    '# service (to be restarted after a change), service_action = "restart".',
    "",
    "[[files]]",
    `path = ${tomlText(join(configDirectory, "tedge.toml"))}`,
    'type = "tedge.toml"',
    "",
    "[[files]]",
    `path = ${tomlText(join(configDirectory, "plugins", "tedge-log-plugin.toml"))}`,
    'type = "tedge-log-plugin"',
    ...(user === "" ? [] : [`user = ${tomlText(user)}`]),
    ...(group === "" ? [] : [`group = ${tomlText(group)}`]),
    "mode = 0o644",
    "",
  ].join("\n");
}
