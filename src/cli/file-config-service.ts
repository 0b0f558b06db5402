import type { Clock } from "../base/clock.ts";
import { exec } from "../base/exec.ts";
import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Sudo } from "../base/sudo.ts";
import { serviceCommand } from "../config/service-command.ts";
import { loadSystemToml } from "../config/system-toml.ts";

/** A service that uses a configuration, by way of the service manager that `system.toml` names (spec/cli-and-config §6). */
export interface ConfiguredService {
  restart(name: string): Promise<Result<undefined>>;
  /** A fault unless it runs. */
  expectRunning(name: string): Promise<Result<undefined>>;
}

export interface ConfiguredServiceOptions {
  readonly configDirectory: string;
  /** Restarting needs root. */
  readonly sudo: Sudo;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

const TIMEOUT = 240_000;

export function createConfiguredService(options: ConfiguredServiceOptions): ConfiguredService {
  const { configDirectory, sudo, signal, clock } = options;

  /** `undefined` for success, else how it ended. */
  const run = async (
    verb: "restart" | "is_active",
    name: string,
    wrap: Sudo["wrap"],
  ): Promise<Result<string | undefined>> => {
    const system = await loadSystemToml(configDirectory);
    if (!system.ok) return system;
    const command = serviceCommand(system.value.init, verb, name, configDirectory);
    if (!command.ok) return command;
    const words = await wrap([command.value.program, ...command.value.args]);
    const [program, ...args] = words;
    const ran = await exec(program, args, { clock, signal, timeout: TIMEOUT, grace: 5_000, outputLimit: 64 * 1024 });
    if (!ran.ok) return ran;
    const { value } = ran;
    if (value.kind === "exited" && value.code === 0) return ok(undefined);
    const how = value.kind === "exited" ? `exit code ${value.code}` : `killed by signal ${value.signal}`;
    const said = new TextDecoder().decode(value.stderr).trim();
    return ok(`${words.join(" ")}: ${said === "" ? how : said}`);
  };

  return {
    async restart(name) {
      const failure = await run("restart", name, sudo.wrap);
      if (!failure.ok) return failure;
      return failure.value === undefined ? ok() : err(fault("restart-failed", failure.value));
    },
    async expectRunning(name) {
      const failure = await run("is_active", name, async (command) => command);
      if (!failure.ok) return failure;
      return failure.value === undefined ? ok() : err(fault("not-running", `Service ${name} is not running`));
    },
  };
}
