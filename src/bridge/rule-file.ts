import * as v from "valibot";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseToml } from "../base/toml.ts";
import { type Span, type TomlPath, tomlKeyPlace, tomlPlaces } from "../base/toml-place.ts";

const common = {
  local_prefix: v.optional(v.string()),
  remote_prefix: v.optional(v.string()),
  if: v.optional(v.string()),
};

const direction = v.picklist(["inbound", "outbound", "bidirectional"]);

const ruleFileSchema = v.strictObject({
  ...common,
  rule: v.optional(v.array(v.strictObject({ ...common, topic: v.string(), direction })), []),
  template_rule: v.optional(
    v.array(
      v.strictObject({ ...common, for: v.union([v.string(), v.array(v.string())]), topic: v.string(), direction }),
    ),
    [],
  ),
});

/** A rule file as written: nothing filled in yet (spec/bridges-and-mappers §2.2). */
export type RuleFile = v.InferOutput<typeof ruleFileSchema>;
export type RuleEntry = RuleFile["rule"][number];
export type TemplateRuleEntry = RuleFile["template_rule"][number];
export type Direction = v.InferOutput<typeof direction>;

/** The text is no rule file; `span` is where. */
export interface RuleFileFault extends Fault<"invalid-rule-file"> {
  readonly span: Span;
}

/** Reads the text of a rule file; the first error only. */
export function parseRuleFile(text: string): Result<RuleFile, RuleFileFault> {
  const table = parseToml(text);
  if (!table.ok) return err(syntaxFault(text, table.fault));
  const parsed = v.safeParse(ruleFileSchema, table.value);
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const path: TomlPath = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const unknown = issue.type === "strict_object" && issue.expected === "never";
  const span = unknown ? tomlKeyPlace(text, path) : tomlPlaces(text)(path);
  return err({ ...fault("invalid-rule-file", schemaText(issue, path)), span });
}

function schemaText(issue: v.BaseIssue<unknown>, path: TomlPath): string {
  const name = path.at(-1) ?? "";
  if (issue.type === "strict_object" && issue.expected === "never") return `unknown field '${name}'`;
  if (issue.type === "strict_object" && issue.received === "undefined") return `missing field '${name}'`;
  if (issue.type === "picklist") return `unknown ${name} ${issue.received}, expected ${issue.expected}`;
  return `invalid '${name}': expected ${issue.expected}, found ${issue.received}`;
}

function syntaxFault(text: string, cause: Fault<"invalid-toml">): RuleFileFault {
  const [message = ""] = cause.message.split("\n");
  const line = Number(cause.detail?.line ?? 1);
  const column = Number(cause.detail?.column ?? 1);
  const lines = text.split("\n").slice(0, line - 1);
  const start = Math.min(lines.reduce((sum, one) => sum + one.length + 1, 0) + column - 1, text.length);
  return { ...fault("invalid-rule-file", message), span: { start, end: start + 1 } };
}
