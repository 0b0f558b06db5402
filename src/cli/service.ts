import { realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { exec } from "../base/exec.ts";
import { describeFault, type Fault, fault, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { checkHint, serviceActionCommand } from "../config/service-command.ts";
import { loadSystemToml } from "../config/system-toml.ts";
import { checkServiceAction, INIT_MANAGED, type ServiceAction } from "../operations/services/service-names.ts";
import type { CommandOutcome } from "./outcome.ts";

export interface ServiceContext {
  readonly configDirectory: string;
  /** Where service plugins are; the one that is installed unless a test says otherwise, since they run as root. */
  readonly pluginDirectory?: string;
  readonly stderr: (text: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Root's, and read from nowhere else: whoever could choose it would be root. */
const PLUGINS = "/usr/share/tedge/service-plugins";
/** Milliseconds; an operation waits a little longer. */
const TIMEOUT = 240_000;
const GRACE = 5_000;
/** Exit code of `tedge service`, and of a plugin, for an action that is not supported. */
const NOT_SUPPORTED = 2;

type Failure = Fault<"not-supported" | "failed">;

/** Does something to a service, by way of the service manager or of a service plugin (spec/operations §11.2). */
export async function service(context: ServiceContext, wanted: ServiceAction): Promise<CommandOutcome> {
  const checked = checkServiceAction(wanted);
  const done = checked.ok ? await act(context, checked.value) : failed(describeFault(checked.fault));
  if (done.ok) return { kind: "done" };
  context.stderr(`Error: ${done.fault.message}\n`);
  return { kind: "done", exit: done.fault.code === "not-supported" ? NOT_SUPPORTED : 1 };
}

function act(context: ServiceContext, wanted: ServiceAction): Promise<Result<undefined, Failure>> {
  return wanted.type === INIT_MANAGED ? actByInit(context, wanted) : actByPlugin(context, wanted);
}

async function actByInit(
  context: ServiceContext,
  { action, service: name }: ServiceAction,
): Promise<Result<undefined, Failure>> {
  const { configDirectory } = context;
  const system = await loadSystemToml(configDirectory);
  if (!system.ok) return failed(describeFault(system.fault));
  const command = serviceActionCommand(system.value, action, name, configDirectory);
  if (command === undefined) {
    return notSupported(
      `The action '${action}' is not supported: system.toml has no entry '${action}' in [service_actions]`,
    );
  }
  if (!command.ok) return failed(command.fault.message);
  const { program, args } = command.value;
  const ended = await run(context, program, args);
  const line = JSON.stringify([program, ...args].join(" "));
  switch (ended.kind) {
    case "exited":
      return ended.code === 0 ? ok() : failed(`Service command <${line}> ${howItEnded(ended)}`);
    case "not-launched":
      return failed(
        ended.isMissing ? `Service command <${line}> not found.\n${checkHint(configDirectory)}` : ended.why,
      );
    case "killed":
      return failed(`Service command <${line}> ${howItEnded(ended)}`);
  }
}

async function actByPlugin(
  context: ServiceContext,
  { action, service: name, type }: ServiceAction,
): Promise<Result<undefined, Failure>> {
  const plugin = join(context.pluginDirectory ?? PLUGINS, type);
  const trusted = await checkPlugin(plugin);
  if (!trusted.ok) return trusted;
  const ended = await run(context, plugin, [action, name]);
  if (ended.kind === "not-launched") return failed(ended.why);
  if (ended.kind === "exited" && ended.code === 0) return ok();
  if (ended.kind === "exited" && ended.code === NOT_SUPPORTED) {
    return notSupported(`The service plugin '${type}' does not support the action '${action}'${said(ended.stderr)}`);
  }
  return failed(`The service plugin '${type}' ${howItEnded(ended)}`);
}

/** A plugin that others can change must not be run as root. */
async function checkPlugin(plugin: string): Promise<Result<undefined, Failure>> {
  try {
    const path = await realpath(plugin);
    if (process.getuid?.() !== 0) return ok();
    for (const checked of [path, dirname(path), dirname(plugin)]) {
      const { uid, mode } = await stat(checked);
      if (uid !== 0 || (mode & 0o022) !== 0) return failed(`${checked} can be changed by others than root`);
    }
    return ok();
  } catch (thrown) {
    if (toFault(thrown).code !== "ENOENT") return failed(`Cannot look at ${plugin}: ${toFault(thrown).message}`);
    return notSupported(`There is no service plugin ${plugin}`);
  }
}

type Ended =
  | { readonly kind: "exited"; readonly code: number; readonly stderr: Uint8Array }
  | { readonly kind: "killed"; readonly signal: number; readonly timedOut: boolean; readonly stderr: Uint8Array }
  | { readonly kind: "not-launched"; readonly why: string; readonly isMissing: boolean };

async function run({ clock, signal }: ServiceContext, program: string, args: readonly string[]): Promise<Ended> {
  const limits = { timeout: TIMEOUT, grace: GRACE, outputLimit: 64 * 1024 };
  const ran = await exec(program, args, { clock, signal, ...limits });
  if (ran.ok) return ran.value;
  const isMissing = toFault(ran.fault.cause).code === "ENOENT";
  return { kind: "not-launched", why: describeFault(ran.fault), isMissing };
}

function howItEnded(ended: Exclude<Ended, { kind: "not-launched" }>): string {
  if (ended.kind === "exited") return `failed with exit code ${ended.code}${said(ended.stderr)}`;
  const how = ended.timedOut ? `took longer than ${TIMEOUT / 1_000} s` : `was killed by signal ${ended.signal}`;
  return `${how}${said(ended.stderr)}`;
}

function said(stderr: Uint8Array): string {
  const text = new TextDecoder().decode(stderr).trim();
  return text === "" ? "" : `: ${text}`;
}

function failed(message: string): Result<never, Failure> {
  return err(fault("failed", message));
}

function notSupported(message: string): Result<never, Failure> {
  return err(fault("not-supported", message));
}
