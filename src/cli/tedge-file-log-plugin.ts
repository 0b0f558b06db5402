import { readText } from "../base/atomic-file.ts";
import { describeFault } from "../base/fault.ts";
import { type LogFileEntry, type LogRange, parseLogFileEntries, selectLogFiles } from "../operations/logs/log-files.ts";
import { logPluginToml } from "../operations/logs/log-filters.ts";
import { printLogFiles } from "../operations/logs/print-log.ts";
import type { CommandOutcome } from "./outcome.ts";

export interface FileLogContext {
  readonly configDirectory: string;
  readonly output: (bytes: Uint8Array) => void;
  readonly stderr: (text: string) => void;
}

/** Prints the types of the log plugin `file`, one a line (spec/operations §7.9). */
export async function listLogFiles(context: FileLogContext): Promise<CommandOutcome> {
  const types = (await loadEntries(context)).map(({ type }) => type);
  context.output(
    Buffer.from(
      [...new Set(types)]
        .sort()
        .map((type) => `${type}\n`)
        .join(""),
    ),
  );
  return { kind: "done" };
}

/** Prints the log files of a type; times are Unix seconds as text. */
export async function getLogFiles(
  context: FileLogContext,
  type: string,
  times: { readonly since?: string; readonly until?: string },
): Promise<CommandOutcome> {
  const range: { since?: number; until?: number } = {};
  for (const key of ["since", "until"] as const) {
    const text = times[key];
    if (text === undefined) continue;
    if (!/^[+-]?\d{1,15}$/.test(text))
      return failed(context, `Invalid ${key} date: ${text} is not a number of seconds`);
    range[key] = Number(text);
  }
  return printLog(context, type, range);
}

async function printLog(context: FileLogContext, type: string, range: LogRange): Promise<CommandOutcome> {
  const paths = await selectLogFiles(await loadEntries(context), type, range);
  const warn = (text: string) => context.stderr(`${text}\n`);
  const printed = await printLogFiles(paths, range.until, { print: context.output, warn });
  return printed > 0 ? { kind: "done" } : failed(context, `No logs found for log type "${type}"`);
}

/** The agent makes the text on standard error the reason of the command. */
function failed(context: FileLogContext, text: string): CommandOutcome {
  context.stderr(`${text}\n`);
  return { kind: "done", exit: 1 };
}

async function loadEntries(context: FileLogContext): Promise<readonly LogFileEntry[]> {
  const path = logPluginToml(context.configDirectory);
  const text = await readText(path);
  const entries = text.ok ? parseLogFileEntries(text.value) : text;
  if (entries.ok) return entries.value;
  const { code } = entries.fault;
  context.stderr(
    code === "malformed"
      ? `The config file ${path} is malformed: ${describeFault(entries.fault)}\n`
      : `The config file ${path} does not exist or is not readable.\n`,
  );
  return [];
}
