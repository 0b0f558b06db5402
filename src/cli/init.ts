import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { findGroup, findUser } from "../base/account.ts";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { installDefaults } from "../services/install-defaults.ts";
import { COMPONENTS } from "./components.ts";
import { ensureDirectory, ensureFile, linkTarget, type Owner, replaceLink } from "./ensure-owned.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface InitArgs {
  /** Names; empty: leave the owner of the process. */
  readonly user: string;
  readonly group: string;
  /** Nobody chose them: where there is no such user, the owner of the process does. */
  readonly isUsualOwner: boolean;
  readonly relativeLinks: boolean;
  /** The executable that the links point to; without it, as when the sources are run, no links are made. */
  readonly executable?: string;
  readonly logsPath: string;
  readonly dataPath: string;
  readonly agentStatePath: string;
  /** The agent manages configurations. */
  readonly configurations: boolean;
  /** It uploads logs. */
  readonly logUploads: boolean;
}

const DIRECTORY_MODE = 0o775;

/** `tedge init`: links and directories of an installation; it may run again at any time (spec/cli-and-config §10.1). */
export async function init(
  context: Pick<CliContext, "configDirectory" | "clock" | "log">,
  args: InitArgs,
): Promise<CommandOutcome> {
  const done = await initialize(context, args);
  if (done.ok) return { kind: "done" };
  const message = "Failed to initialize tedge. You have to run tedge with sudo.";
  const isOwnerUnknown = done.fault.code === "no-such-user" || done.fault.code === "no-such-group";
  return {
    kind: "failed",
    description: "initialize tedge",
    // More rights would not help against that.
    fault: isOwnerUnknown ? done.fault : fault("init-failed", message, { cause: done.fault }),
  };
}

async function initialize(
  context: Pick<CliContext, "configDirectory" | "clock" | "log">,
  args: InitArgs,
): Promise<Result<undefined>> {
  const owner = await resolveOwner(context, args);
  if (!owner.ok) return owner;
  if (args.executable === undefined) context.log.warn("Links are made by the compiled executable only");
  const linked = args.executable === undefined ? ok() : await makeLinks(args.executable, args.relativeLinks);
  if (!linked.ok) return linked;
  try {
    await makeDirectories(context.configDirectory, args, owner.value);
    return await makeDefaults(context, args, owner.value);
  } catch (thrown) {
    return err(toFault(thrown));
  }
}

async function resolveOwner(context: Pick<CliContext, "clock" | "log">, args: InitArgs): Promise<Result<Owner>> {
  const { user, group, isUsualOwner } = args;
  const account = user === "" ? undefined : await findUser(user, context.clock);
  if (user !== "" && account === undefined) {
    if (!isUsualOwner) return err(noSuchUser(user));
    context.log.warn(withoutUser(user));
    return ok({});
  }
  const gid = group === "" ? undefined : await findGroup(group, context.clock);
  if (group !== "" && gid === undefined) return err(noSuchGroup(group));
  return ok({ ...(account === undefined ? {} : { uid: account.uid }), ...(gid === undefined ? {} : { gid }) });
}

/** What a system without packages has to be told. */
function withoutUser(user: string): string {
  return (
    `There is no user '${user}': the directories keep their owner, who has to run the services. ` +
    `To run them as '${user}', make it (useradd --system --user-group --no-create-home --shell /usr/sbin/nologin ${user}) ` +
    "and call init again, or name another with --user and --group"
  );
}

function noSuchUser(user: string): Fault<"no-such-user"> {
  const cause = fault(
    "remedy",
    "make it, name another with --user or in system.toml, or leave owners alone with --user ''",
  );
  return fault("no-such-user", `no such user: '${user}'`, { cause });
}

function noSuchGroup(group: string): Fault<"no-such-group"> {
  const cause = fault(
    "remedy",
    "make it, name another with --group or in system.toml, or leave it alone with --group ''",
  );
  return fault("no-such-group", `no such group: '${group}'`, { cause });
}

/**
 * One link beside the executable for every component. Not for `all`, a name that is no component's outside of `tedge run`; and for `tedge`
 * only where nothing but a link has that name, since it may be another program.
 */
async function makeLinks(executable: string, relative: boolean): Promise<Result<undefined, Fault>> {
  const own = basename(executable);
  const names = [...COMPONENTS.map(({ name }) => name).filter((name) => name !== "all"), "tedge"];
  for (const name of names) {
    const path = join(dirname(executable), name);
    const linked = name === own ? ok() : await makeLink(executable, path, relative ? own : executable);
    if (!linked.ok) return linked;
  }
  return ok();
}

async function makeLink(executable: string, path: string, target: string): Promise<Result<undefined, Fault>> {
  try {
    const present = await linkTarget(path);
    if (present === target) return ok();
    if (present === undefined && basename(path) === "tedge" && (await exists(path))) return ok();
  } catch (thrown) {
    const message = `couldn't read metadata for ${path}. do you need to run with sudo?`;
    return err(fault("no-links", message, { cause: thrown }));
  }
  try {
    await replaceLink(path, target, await stat(executable));
    return ok();
  } catch (thrown) {
    return err(fault("no-links", `couldn't make the link ${path}`, { cause: thrown }));
  }
}

async function makeDirectories(configDirectory: string, args: InitArgs, owner: Owner): Promise<void> {
  const state = (await exists(args.agentStatePath)) ? args.agentStatePath : join(configDirectory, ".agent");
  const inConfig = CONFIG_DIRECTORIES.map((name) => join(configDirectory, name));
  for (const path of [configDirectory, ...inConfig, args.logsPath, args.dataPath, state]) {
    await ensureDirectory(path, DIRECTORY_MODE, owner);
  }
  await ensureFile(join(configDirectory, "system.toml"), owner, 0o644);
  await ensureFile(join(state, "entity_store.jsonl"), owner);
}

/** The same as the agent makes at its start. */
async function makeDefaults(
  { configDirectory, clock }: Pick<CliContext, "configDirectory" | "clock">,
  { configurations, logUploads, logsPath, user, group }: InitArgs,
  { uid = process.getuid?.() ?? 0, gid = process.getgid?.() ?? 0 }: Owner,
): Promise<Result<undefined>> {
  const logs = logUploads ? { logs: logsPath } : {};
  return installDefaults({ configDirectory, configurations, ...logs, user, group, owner: { uid, gid }, clock });
}

const CONFIG_DIRECTORIES = [
  "mosquitto-conf",
  "operations",
  "operations/c8y",
  "plugins",
  "sm-plugins",
  "device-certs",
  "mappers",
  ".tedge-mapper-c8y",
];

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return false;
    throw thrown;
  }
}
