import { exhaustive } from "../base/exhaustive.ts";
import type { Fault } from "../base/fault.ts";
import { notSet } from "../config/create-config.ts";
import { addValue, type Edited, removeValue, setValue, unsetValue } from "../config/edit-config.ts";
import type { EditContext } from "../config/editable-file.ts";
import { addressName, environmentName, type KeyAddress, settingOf } from "../config/key-address.ts";
import { loadConfig } from "../config/load-config.ts";
import { upgradeConfig } from "../config/upgrade-config.ts";
import { chooseKey } from "./choose-key.ts";
import { type ListOptions, listKeys } from "./list-keys.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface KeyArguments {
  readonly key: string;
  readonly profile?: string;
}

export interface KeyValueArguments extends KeyArguments {
  readonly value: string;
}

/** `tedge config get`: the effective value on stdout; exit 1 when there is none (spec/cli-and-config §2.1). */
export async function configGet(context: CliContext, args: KeyArguments): Promise<CommandOutcome> {
  const key = chooseKey(context, args);
  if (!key.ok) return key.fault;
  const description = `get the configuration value for key: '${addressName(key.value)}'`;
  const config = await load(context);
  if (!config.ok) return failed(description, config.fault);
  const effective = config.value.read(key.value);
  if (!effective.ok) return failed(description, effective.fault);
  if (effective.value === undefined) {
    context.stderr(`${notSet(key.value).message}\n`);
    return { kind: "done", exit: 1 };
  }
  await context.stdout(`${effective.value.text}\n`);
  return { kind: "done" };
}

/** `tedge config set` */
export async function configSet(context: CliContext, args: KeyValueArguments): Promise<CommandOutcome> {
  return change(context, args, {
    describe: (name) => `set the configuration key: '${name}' with value: ${args.value}.`,
    edit: (address, editing) => setValue(address, args.value, editing),
  });
}

/** `tedge config unset` */
export async function configUnset(context: CliContext, args: KeyArguments): Promise<CommandOutcome> {
  return change(context, args, {
    describe: (name) => `unset the configuration value for key: '${name}'`,
    edit: unsetValue,
  });
}

/** `tedge config add` */
export async function configAdd(context: CliContext, args: KeyValueArguments): Promise<CommandOutcome> {
  return change(context, args, {
    describe: (name) => `set the configuration key: '${name}' with value: ${args.value}.`,
    edit: (address, editing) => addValue(address, args.value, editing),
  });
}

/** `tedge config remove` */
export async function configRemove(context: CliContext, args: KeyValueArguments): Promise<CommandOutcome> {
  return change(context, args, {
    describe: (name) => `Remove or unset the configuration value for '${name}'`,
    edit: (address, editing) => removeValue(address, args.value, editing),
  });
}

/** `tedge config list` (spec/cli-and-config §2.5). */
export async function configList(context: CliContext, options: ListOptions): Promise<CommandOutcome> {
  const config = await load(context);
  if (!config.ok) return failed("list the configuration", config.fault);
  const text = listKeys(config.value.all(), options);
  if (text !== "") await context.stdout(text);
  return { kind: "done" };
}

/** `tedge config upgrade` (spec/cli-and-config §4.4). */
export async function configUpgrade(context: CliContext): Promise<CommandOutcome> {
  const upgraded = await upgradeConfig(editing(context));
  if (!upgraded.ok) return failed("upgrade the configuration", upgraded.fault);
  const upgrade = upgraded.value;
  switch (upgrade.kind) {
    case "up-to-date":
      context.stderr("Configuration is already up to date, nothing was migrated.\n");
      return { kind: "done" };
    case "upgraded":
      context.stderr(
        "Configuration updates completed successfully.\n" +
          `Your original configuration has been backed up to: ${upgrade.backup} in case the old configuration must be restored.\n` +
          "You may delete it after validating that your upgraded configuration is working.\n",
      );
      return { kind: "done" };
    case "incomplete":
      for (const { cloud, fault } of upgrade.failures) context.log.error(`Cannot migrate ${cloud}`, fault);
      context.stderr(
        "Failed to migrate mapper configurations. Fix the underlying issue and run 'tedge config upgrade' again to retry.\n",
      );
      return { kind: "done", exit: 1 };
    default:
      return exhaustive(upgrade);
  }
}

interface Change {
  readonly describe: (name: string) => string;
  readonly edit: (address: KeyAddress, context: EditContext) => Promise<Edited>;
}

async function change(context: CliContext, args: KeyArguments, { describe, edit }: Change): Promise<CommandOutcome> {
  const key = chooseKey(context, args);
  if (!key.ok) return key.fault;
  const edited = await edit(key.value, editing(context));
  if (!edited.ok) return failed(describe(addressName(key.value)), edited.fault);
  if (edited.value) tellWhatIsLeft(context, key.value);
  return { kind: "done" };
}

/** Nothing that runs learns of a change by itself, so whoever made it is told what is left to do. */
function tellWhatIsLeft(context: CliContext, address: KeyAddress): void {
  const variable = environmentName(address);
  if (context.environment[variable]) {
    context.stderr(`warning: the environment variable ${variable} is set and wins over the file\n`);
  }
  const { applies } = settingOf(address);
  if (applies === "restart") context.stderr(`info: ${RESTART_HINT}\n`);
  if (applies === "reconnect") context.stderr(`info: ${reconnectHint(address)}\n`);
}

const RESTART_HINT = "the change takes effect when the services that use it are restarted";

function reconnectHint(address: KeyAddress): string {
  if (address.scope === "main") return "the change takes effect with `tedge reconnect`";
  const profile = address.profile === undefined ? "" : ` --profile ${address.profile}`;
  return `the change takes effect with \`tedge reconnect ${address.cloud}${profile}\``;
}

function load(context: CliContext): ReturnType<typeof loadConfig> {
  const { configDirectory: directory, environment, log } = context;
  return loadConfig({ directory, environment, warn: (text) => log.warn(text) });
}

function editing(context: CliContext): EditContext {
  const told = new Set<string>();
  const tell = (text: string) => {
    if (!told.has(text)) context.stderr(`warning: ${text}\n`);
    told.add(text);
  };
  return { directory: context.configDirectory, clock: context.clock, tell };
}

function failed(description: string, fault: Fault): CommandOutcome {
  return { kind: "failed", description, fault };
}
