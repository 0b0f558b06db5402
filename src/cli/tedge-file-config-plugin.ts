import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileFault, readText } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { type Fault, fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type FileEntry, ownEntry, parsePluginFile } from "../operations/configuration/plugin-file.ts";
import type { Elevated } from "./file-config-elevated.ts";
import type { ConfiguredService } from "./file-config-service.ts";
import { type Ownership, type TedgeWriteArgs, tedgeWrite } from "./tedge-write.ts";

/** What the plugin `file` works with. */
export interface FileConfigWorld {
  /** `tedge-configuration-plugin.toml` */
  readonly pluginFile: string;
  readonly output: (bytes: Uint8Array) => void;
  /** Writes with the rights of root, where this process has not got them. */
  readonly elevated: Elevated;
  readonly service: ConfiguredService;
  readonly clock: Clock;
  readonly log: Log;
}

/** The config plugin `file`, command by command (spec/operations §7.8). */
export interface FileConfigPlugin {
  list(): Promise<readonly string[]>;
  /** Writes the file to the output, piece by piece. */
  get(type: string): Promise<Result<undefined>>;
  /** Puts the content of another file there. The value is for the workflow. */
  set(type: string, source: string): Promise<Result<{ readonly restartAgent?: true }>>;
  verify(type: string): Promise<Result<undefined>>;
}

/** The agent that runs the plugin cannot be restarted from here: the workflow does it. */
const AGENT = "tedge-agent";

export function createFileConfigPlugin(world: FileConfigWorld): FileConfigPlugin {
  const { clock, log, elevated, service } = world;

  const entries = async (): Promise<readonly FileEntry[]> => {
    const path = world.pluginFile;
    const text = await readText(path);
    if (!text.ok) {
      log.warn(`The config file ${path} does not exist or is not readable`, text.fault);
      return [ownEntry(path)];
    }
    const parsed = parsePluginFile(path, text.value);
    if (parsed.ok) return parsed.value;
    log.error(parsed.fault.message);
    return [ownEntry(path)];
  };

  const find = async (type: string): Promise<Result<FileEntry>> => {
    const found = (await entries()).find((entry) => entry.type === type);
    if (found !== undefined) return ok(found);
    const message = `The requested config_type ${type} is not defined in the plugin configuration file.`;
    return err(fault("unknown-type", message));
  };

  const write = async (args: TedgeWriteArgs, stdin: AsyncIterable<Uint8Array>): Promise<Result<undefined>> => {
    const written = await tedgeWrite({ clock, stdin }, args);
    return written.kind === "failed" ? err(written.fault) : ok();
  };

  const makeParent = async ({ path, parent }: FileEntry): Promise<Result<undefined>> => {
    const args = {
      destination: dirname(path),
      createDirsOnly: true,
      file: {},
      parent: ownership(parent),
    };
    if (await exists(args.destination)) return ok();
    const made = await elevated.write(args);
    return made.ok ? made : write(args, nothing());
  };

  const deploy = async (entry: FileEntry, source: string): Promise<Result<undefined>> => {
    const args = { destination: entry.path, createDirsOnly: false, file: ownership(entry.file), parent: {} };
    const written = await write(args, contentOf(source));
    if (written.ok || FINAL.has(written.fault.code)) return written;
    const again = await elevated.write(args, source);
    return again.ok || again.fault.code !== "not-elevated" ? again : written;
  };

  const set = async (type: string, source: string): Promise<Result<{ readonly restartAgent?: true }>> => {
    const found = await find(type);
    if (!found.ok) return found;
    const entry = { ...found.value, path: resolve(found.value.path) };
    const readable = await checkReadable(source);
    if (!readable.ok) return readable;
    const parent = await makeParent(entry);
    if (!parent.ok) return failed(`failed to create parent directories. Path: '${dirname(entry.path)}'`, parent.fault);
    const deployed = await deploy(entry, source);
    if (!deployed.ok) return failed(`failed to deploy config file from '${source}' to '${entry.path}'`, deployed.fault);
    if (entry.service === undefined) return ok({});
    if (entry.service === AGENT) return ok({ restartAgent: true });
    const restarted = await service.restart(entry.service);
    return restarted.ok ? ok({}) : failed(`Failed to restart service: ${entry.service}`, restarted.fault);
  };

  return {
    list: async () => (await entries()).map(({ type }) => type).sort(),
    async get(type) {
      const found = await find(type);
      return found.ok ? copyTo(world.output, resolve(found.value.path)) : found;
    },
    set,
    async verify(type) {
      const found = await find(type);
      if (!found.ok) return found;
      const name = found.value.service;
      return name === undefined || name === AGENT ? ok() : service.expectRunning(name);
    },
  };
}

/** With more rights they would be the same. */
const FINAL: ReadonlySet<string> = new Set(["not-found", "disk-full", "read-only", "io"]);

async function copyTo(output: (bytes: Uint8Array) => void, path: string): Promise<Result<undefined>> {
  if (!(await exists(path))) return err(fault("not-found", `Config file not found: ${path}`));
  try {
    for await (const chunk of contentOf(path)) output(chunk);
    return ok();
  } catch (thrown) {
    return err(fileFault(`failed to read: '${path}'`, thrown));
  }
}

async function checkReadable(source: string): Promise<Result<undefined>> {
  try {
    await (await open(source)).close();
    return ok();
  } catch (thrown) {
    return err(fileFault(`failed to open source temporary file '${source}'`, thrown));
  }
}

/** What cannot be looked at counts as missing: to make a directory that is there does nothing. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function ownership({ mode, ...names }: FileEntry["file"]): Ownership {
  return { ...names, ...(mode === undefined ? {} : { mode: mode.toString(8) }) };
}

/** Opened only when somebody reads. */
async function* contentOf(path: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(path);
}

async function* nothing(): AsyncIterable<Uint8Array> {}

function failed(message: string, cause: Fault): Result<never> {
  return err(fault(cause.code, message, { cause }));
}
