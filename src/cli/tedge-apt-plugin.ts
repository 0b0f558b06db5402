import { describeFault, type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import {
  type AptWorld,
  aptAutoremove,
  aptInstall,
  aptRemove,
  aptUpdate,
  fieldsFormat,
  type KeepConfig,
  runQuietly,
} from "./apt-get.ts";
import { type ListFilter, listPackages } from "./apt-list.ts";
import { type AptPackage, openPackage } from "./apt-package.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface AptContext extends AptWorld, Pick<CliContext, "configDirectory" | "log"> {}

export interface ModuleArgs {
  readonly name: string;
  readonly version?: string | undefined;
  readonly file?: string | undefined;
}

/** One line of `update-list`. */
interface ListedUpdate extends ModuleArgs {
  readonly action: "install" | "remove";
}

type Done = Result<undefined, Fault>;

export async function aptList(context: AptContext, options: ListFilter): Promise<CommandOutcome> {
  const config = await readConfig(context);
  const name = options.name ?? config?.get("apt.name");
  const maintainer = options.maintainer ?? config?.get("apt.maintainer");
  const listed = await listPackages({ name, maintainer }, context);
  if (!listed.ok) return outcome(context, listed);
  if (listed.value.length > 0) await context.stdout(`${listed.value.join("\n")}\n`);
  return { kind: "done" };
}

export async function aptPrepare(context: AptContext): Promise<CommandOutcome> {
  return outcome(context, await aptUpdate(await keepConfig(context), context));
}

export async function aptFinalize(context: AptContext): Promise<CommandOutcome> {
  return outcome(context, await aptAutoremove(context));
}

export async function aptInstallOne(context: AptContext, module: ModuleArgs): Promise<CommandOutcome> {
  return outcome(context, await applyUpdates(context, [{ ...module, action: "install" }]));
}

export async function aptRemoveOne(context: AptContext, { name, version }: ModuleArgs): Promise<CommandOutcome> {
  const named = checkName(name);
  if (!named.ok) return outcome(context, named);
  return outcome(context, await aptRemove(version === undefined ? name : `${name}=${version}`, context));
}

/** Standard input has lines `action\tname\tversion\tpath`. */
export async function aptUpdateList(context: AptContext, stdin: AsyncIterable<Uint8Array>): Promise<CommandOutcome> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  const updates = readUpdates(new TextDecoder().decode(Buffer.concat(chunks)));
  return outcome(context, updates.ok ? await applyUpdates(context, updates.value) : updates);
}

/** All in one call, so that apt sees the whole and nothing is done when a part is impossible. */
async function applyUpdates(context: AptContext, updates: readonly ListedUpdate[]): Promise<Done> {
  const opened: AptPackage[] = [];
  try {
    const words: string[] = [];
    for (const update of updates) {
      const word = await aptWord(context, update, opened);
      if (!word.ok) return word;
      words.push(word.value);
    }
    return await aptInstall(words, await keepConfig(context), context);
  } finally {
    for (const { release } of opened) await release();
  }
}

/** How apt is told what to do with one package; `latest` is what it does without a version. */
async function aptWord(
  context: AptContext,
  update: ListedUpdate,
  opened: AptPackage[],
): Promise<Result<string, Fault>> {
  const named = checkName(update.name);
  if (!named.ok) return named;
  const { name, file } = update;
  const version = update.version === "latest" && update.action === "install" ? undefined : update.version;
  if (update.action === "remove") {
    const wrong = version === undefined ? ok() : await checkInstalled(context, name, version);
    return wrong.ok ? ok(`${name}-`) : wrong;
  }
  if (file === undefined) return ok(version === undefined ? name : `${name}=${version}`);
  const found = await openPackage(file, { name, version }, context);
  if (!found.ok) return found;
  opened.push(found.value);
  return ok(found.value.path);
}

/** Another version than the one that is installed is not removed. */
async function checkInstalled(context: AptContext, name: string, version: string): Promise<Done> {
  const asked = await runQuietly("dpkg-query", [fieldsFormat(["Version"]), "--show", name], context);
  if (!asked.ok) return asked;
  const { value: exit } = asked;
  if (exit.kind !== "exited" || exit.code !== 0) return ok();
  const installed = new TextDecoder().decode(exit.stdout).split("\n")[0] ?? "";
  if (installed === "" || installed === version) return ok();
  const message = `Validation of ${name} metadata failed, expected value for the Version is ${installed}, but provided ${version}`;
  return err(fault("mismatch", message));
}

/** apt would take these for options, files, or lists of its own. */
function checkName(name: string): Done {
  if (/^[A-Za-z0-9][^\s/=]*$/.test(name)) return ok();
  return err(fault("invalid-name", `Not the name of a package: ${JSON.stringify(name)}`));
}

function readUpdates(text: string): Result<readonly ListedUpdate[], Fault> {
  const updates: ListedUpdate[] = [];
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [action = "", name = "", version = "", file = ""] = line.replace(/\r$/, "").split("\t");
    if (action !== "install" && action !== "remove") {
      return err(fault("invalid-line", `Neither install nor remove: ${JSON.stringify(line)}`));
    }
    updates.push({ action, name, version: version || undefined, file: file || undefined });
  }
  return ok(updates);
}

async function keepConfig(context: AptContext): Promise<KeepConfig> {
  return (await readConfig(context))?.get("apt.dpkg.options.config") ?? "keepold";
}

/** A configuration that cannot be read does not keep packages from being managed. */
async function readConfig({ configDirectory, environment, log }: AptContext): Promise<Config | undefined> {
  const loaded = await loadConfig({ directory: configDirectory, environment, warn: (text) => log.warn(text) });
  if (loaded.ok) return loaded.value;
  log.warn(`Going on without configuration: ${describeFault(loaded.fault)}`);
  return undefined;
}

/** Exit codes: 1 usage, 2 apt failed, 4 ended by a signal, 5 what we found wrong ourselves (spec/cli-and-config §14). */
function outcome({ stderr }: AptContext, done: Result<unknown, Fault>): CommandOutcome {
  if (done.ok) return { kind: "done" };
  const text = describeFault(done.fault);
  switch (done.fault.code) {
    case "invalid-pattern":
      stderr(`tedge-apt-plugin fails to list packages with matching name and maintainer: ${text}\n`);
      return { kind: "done", exit: 1 };
    case "apt-failed":
      return { kind: "done", exit: 2 };
    case "killed":
      stderr(`${text}\n`);
      return { kind: "done", exit: 4 };
    default:
      stderr(`ERROR: ${text}\n`);
      return { kind: "done", exit: 5 };
  }
}
