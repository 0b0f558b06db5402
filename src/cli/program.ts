import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import type { LogLevel } from "../base/log.ts";
import { VERSION } from "../platform/version.ts";
import type { LogControl } from "./logging.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";
import { renderOutcome } from "./render-outcome.ts";

/** What the process gives to its program. */
export interface World extends Omit<CliContext, "configDirectory" | "log"> {
  /** Writes bytes to standard output. */
  readonly output: (bytes: Uint8Array) => void;
}

export interface Invocation {
  /** Shown by `--version` and help. */
  readonly name: string;
  readonly args: readonly string[];
  readonly usageExit: 1 | 2;
  /** Entry of `[log]` in system.toml whose level counts, and the target of the log lines. */
  readonly logName: string;
  /** Level when neither options, nor `RUST_LOG`, nor that file name one. */
  readonly logLevel: LogLevel;
}

/** What the body of a command gets; services also change the log levels while they run. */
export interface ProgramContext extends CliContext, World {
  readonly logging: LogControl;
}

/** Called by the action of a command, with the command that the parser gives last. */
export type Run = (command: Command, body: (context: ProgramContext) => Promise<CommandOutcome>) => Promise<void>;

/** Adds arguments, sub-commands and actions to a program. */
export type Define = (program: Command, run: Run) => void;

/** Runs one program of the executable and gives its exit code (spec/cli-and-config §1.2, §1.3). */
export async function runProgram(define: Define, invocation: Invocation, world: World): Promise<number> {
  let outcome: CommandOutcome = { kind: "done" };
  const program = newProgram(invocation.name, world);
  define(program, async (command, body) => {
    const context = await makeContext(command.optsWithGlobals<GlobalOptions>(), invocation, world);
    outcome = await body(context);
  });
  try {
    await program.parseAsync([...invocation.args], { from: "user" });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return thrown.exitCode === 0 ? 0 : invocation.usageExit;
  }
  return renderOutcome(outcome, world.stderr, invocation.usageExit);
}

interface GlobalOptions {
  readonly configDir?: string;
  readonly debug?: boolean;
  readonly logLevel?: LogLevel;
}

/** The options that everything knows; the parser takes them before and after sub-commands, the last one counts. */
function newProgram(name: string, world: World): Command {
  const levels = ["error", "warn", "info", "debug", "trace"] satisfies LogLevel[];
  return new Command(name)
    .exitOverride()
    .configureOutput({ writeOut: (text) => void world.stdout(text), writeErr: world.stderr })
    .configureHelp({ showGlobalOptions: true })
    .version(`${name} ${VERSION}`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .option("--config-dir <dir>", "configuration directory [env: TEDGE_CONFIG_DIR] (default: /etc/tedge)")
    .option("--debug", "log at level debug")
    .addOption(new Option("--log-level <level>", "level of the log, wins over --debug").choices(levels));
}

async function makeContext(options: GlobalOptions, invocation: Invocation, world: World): Promise<ProgramContext> {
  const { environment } = world;
  const configDirectory = resolve(options.configDir ?? (environment.TEDGE_CONFIG_DIR || "/etc/tedge"));
  const { startLogging } = await import("./logging.ts");
  const logging = await startLogging({
    configDirectory,
    environment,
    name: invocation.logName,
    fallback: invocation.logLevel,
    ...chosenLevel(options),
  });
  return { ...world, configDirectory, logging, log: logging.createLog(invocation.logName) };
}

function chosenLevel({ logLevel, debug }: GlobalOptions): { readonly chosen?: LogLevel } {
  if (logLevel !== undefined) return { chosen: logLevel };
  return debug === true ? { chosen: "debug" } : {};
}
