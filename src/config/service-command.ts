import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type InitConfig, type SystemConfig, systemTomlPath } from "./system-toml.ts";

/** What can be asked of the service manager, in the words of `system.toml`. */
export type ServiceVerb = "restart" | "start" | "stop" | "enable" | "disable" | "is_active";

/** A program and its arguments, to be run directly. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
}

export type ServiceCommandFault = Fault<"invalid-system-toml">;

const PLACEHOLDER = "{}";

/** The command that does `verb` to a service; every `{}` is replaced by its name (spec/cli-and-config §6). */
export function serviceCommand(
  init: InitConfig,
  verb: ServiceVerb,
  service: string,
  directory: string,
): Result<CommandLine, ServiceCommandFault> {
  return fill(verb === "is_active" ? init.isActive : init[verb], verb, service, directory);
}

/**
 * The command for an action of `tedge service`: one of the service manager's, or one of the table `service_actions`. `undefined` when there is
 * neither (spec/operations §11.2).
 */
export function serviceActionCommand(
  { init, serviceActions }: SystemConfig,
  action: string,
  service: string,
  directory: string,
): Result<CommandLine, ServiceCommandFault> | undefined {
  const own = Object.hasOwn(serviceActions, action) ? serviceActions[action] : undefined;
  if (own !== undefined) return fill(own, action, service, directory);
  const verb = ACTIONS.find((one) => one === action);
  return verb === undefined ? undefined : serviceCommand(init, verb, service, directory);
}

const ACTIONS = ["restart", "start", "stop", "enable", "disable"] as const;

function fill(
  template: readonly string[],
  verb: string,
  service: string,
  directory: string,
): Result<CommandLine, ServiceCommandFault> {
  if (template.length > 0 && !template.some((word) => word.includes(PLACEHOLDER))) {
    return err(syntaxError(verb, `A placeholder '${PLACEHOLDER}' is missing.`, directory));
  }
  return commandLine(
    template.map((word) => word.replaceAll(PLACEHOLDER, () => service)),
    verb,
    directory,
  );
}

/** The command that tells whether the service manager is there: exit 0 means yes. */
export function availabilityCommand(init: InitConfig, directory: string): Result<CommandLine, ServiceCommandFault> {
  return commandLine(init.isAvailable, "is_available", directory);
}

/** Line that ends messages about commands of `system.toml`. */
export function checkHint(directory: string): string {
  return `Check '${systemTomlPath(directory)}' file.`;
}

function commandLine(
  words: readonly string[],
  verb: string,
  directory: string,
): Result<CommandLine, ServiceCommandFault> {
  const [program, ...args] = words;
  if (program === undefined) return err(syntaxError(verb, "Requires 1 or more arguments.", directory));
  return ok({ program, args });
}

function syntaxError(verb: string, reason: string, directory: string): ServiceCommandFault {
  const message = `Syntax error in the system config file for '${verb}': ${reason}\n${checkHint(directory)}`;
  return fault("invalid-system-toml", message);
}
