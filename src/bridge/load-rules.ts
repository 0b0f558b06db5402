import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileFault, readText } from "../base/atomic-file.ts";
import { excerpt } from "../base/excerpt.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { tomlPlaces } from "../base/toml-place.ts";
import { expandRules } from "./expand-rules.ts";
import type { References } from "./references.ts";
import type { BridgeRule } from "./rule.ts";
import { parseRuleFile } from "./rule-file.ts";

/** The rules of a directory in order of precedence. */
export interface LoadedRules {
  readonly rules: readonly BridgeRule[];
  /** Files that were read. */
  readonly files: readonly string[];
  /** Files that a `.disabled` marker switches off; they were not read. */
  readonly disabled: readonly string[];
}

export interface RuleLoadFault extends Fault<"unreadable-rules" | "invalid-rules"> {
  /** For people, several lines: each mistake with file, line, column, the source underlined, and what to do. */
  readonly report: string;
}

/** Reads `<directory>/*.toml` by name (spec/bridges-and-mappers §2.1); any mistake in any file fails the whole, and all of them are reported. */
export async function loadRules(
  directory: string,
  references: References,
): Promise<Result<LoadedRules, RuleLoadFault>> {
  const names = await listRuleFiles(directory);
  if (!names.ok) return names;
  const { files, disabled } = names.value;
  const rules: BridgeRule[] = [];
  const reports: string[] = [];
  const causes: Fault[] = [];
  for (const file of files) {
    const text = await readText(file);
    if (!text.ok) return unreadable(text.fault);
    const expanded = expandFile(file, text.value, references);
    if (expanded.ok) rules.push(...expanded.value);
    else {
      reports.push(expanded.fault.report);
      causes.push(expanded.fault);
    }
  }
  const [cause] = causes;
  if (cause === undefined) return ok({ rules, files, disabled });
  return err({
    ...fault("invalid-rules", "Invalid bridge config template", { cause }),
    report: reports.join("\n\n"),
  });
}

type FileResult = Result<readonly BridgeRule[], Fault & { readonly report: string }>;

function expandFile(file: string, text: string, references: References): FileResult {
  const parsed = parseRuleFile(text);
  if (!parsed.ok) {
    const heading = "Failed to parse TOML configuration";
    const { message, span } = parsed.fault;
    return err({
      ...fault(parsed.fault.code, `${file}: ${message}`),
      report: `${heading}\n${excerpt(text, { file, message, span })}`,
    });
  }
  const { rules, mistakes } = expandRules(parsed.value, references);
  const [first] = mistakes;
  if (first === undefined) return ok(rules);
  const place = tomlPlaces(text);
  const excerpts = mistakes.map(({ message, path, span, note }) =>
    excerpt(text, { file, message, span: place(path, span), ...(note === undefined ? {} : { note }) }),
  );
  return err({
    ...fault(first.code, `${file}: ${first.message}`),
    report: ["Failed to expand bridge configuration", ...excerpts].join("\n"),
  });
}

async function listRuleFiles(
  directory: string,
): Promise<Result<{ readonly files: readonly string[]; readonly disabled: readonly string[] }, RuleLoadFault>> {
  try {
    const names = new Set(await readdir(directory));
    const toml = [...names].filter((name) => name.endsWith(".toml")).sort();
    const isDisabled = (name: string) => names.has(`${name}.disabled`);
    const paths = (wanted: readonly string[]) => wanted.map((name) => join(directory, name));
    return ok({
      files: paths(toml.filter((name) => !isDisabled(name))),
      disabled: paths(toml.filter(isDisabled)),
    });
  } catch (thrown) {
    return unreadable(fileFault(`Cannot read ${directory}`, thrown));
  }
}

function unreadable(cause: Fault): { readonly ok: false; readonly fault: RuleLoadFault } {
  const made = fault("unreadable-rules", "Failed to read bridge config files", { cause });
  return err({ ...made, report: `${made.message}\n${cause.message}` });
}
