import type { BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { expandGlob } from "../../base/glob.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { parseToml } from "../../base/toml.ts";
import { firstStamp } from "./line-stamp.ts";

/** Files of one type of the log plugin `file`; several entries may have the same type (spec/operations §7.9). */
export interface LogFileEntry {
  readonly type: string;
  /** Absolute, with `*` and the like. */
  readonly path: string;
}

const FILE = v.looseObject({ files: v.array(v.looseObject({ type: v.string(), path: v.string() })) });

/** Reads the entries out of `tedge-log-plugin.toml`. Code `malformed`: all or nothing. */
export function parseLogFileEntries(text: string): Result<readonly LogFileEntry[], Fault<"malformed">> {
  const toml = parseToml(text);
  if (!toml.ok) return err(fault("malformed", toml.fault.message));
  const parsed = v.safeParse(FILE, toml.value);
  if (parsed.success) return ok(parsed.output.files);
  const [issue] = parsed.issues;
  return err(fault("malformed", `${v.getDotPath(issue) ?? "files"}: ${issue.message}`));
}

/** Unix seconds; without one of them the range is open. */
export interface LogRange {
  readonly since?: number;
  readonly until?: number;
}

interface LogFile {
  readonly path: string;
  /** When its last line was written, in nanoseconds. */
  readonly end: bigint;
}

/**
 * The files of a type that may hold lines of a range, oldest first, so that the last lines of them all are the newest. A path without `*` is
 * always kept. One of a series begins, as far as its lines do not tell, when the file before it ends.
 */
export async function selectLogFiles(
  entries: readonly LogFileEntry[],
  type: string,
  range: LogRange,
): Promise<readonly string[]> {
  const kept = new Map<string, LogFile>();
  for (const { path: pattern } of entries.filter((entry) => entry.type === type)) {
    const series = await filesOf(pattern);
    for (const [index, file] of series.entries()) {
      const isKept = !pattern.includes("*") || (await mayHoldLinesOf(file, series[index - 1], range));
      if (isKept) kept.set(file.path, file);
    }
  }
  return [...kept.values()].sort(byAge).map(({ path }) => path);
}

async function filesOf(pattern: string): Promise<readonly LogFile[]> {
  const paths = await expandGlob(pattern);
  const found = await Promise.all(paths.map(async (path) => asLogFile(path, await statOf(path))));
  return found.filter((file) => file !== undefined).sort(byAge);
}

function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

function asLogFile(path: string, found: BigIntStats | undefined): LogFile | undefined {
  return found?.isFile() === true ? { path, end: found.mtimeNs } : undefined;
}

/** Of files of the same age `app.log.2` is older than `app.log.1`, and that than `app.log`. */
function byAge(left: LogFile, right: LogFile): number {
  if (left.end !== right.end) return left.end < right.end ? -1 : 1;
  return right.path.localeCompare(left.path, "en", { numeric: true });
}

async function mayHoldLinesOf(file: LogFile, older: LogFile | undefined, range: LogRange): Promise<boolean> {
  const { since, until } = range;
  if (since !== undefined && seconds(file) < since) return false;
  if (until === undefined) return true;
  const begin = (await firstStamp(file.path)) ?? (older === undefined ? undefined : seconds(older));
  return begin === undefined || begin <= until;
}

function seconds({ end }: LogFile): number {
  return Number(end / 1_000_000_000n);
}
