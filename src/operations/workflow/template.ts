import { type Json, stringifySorted } from "../../base/json.ts";
import type { CommandState } from "../command.ts";
import type { CommandLine } from "./command-line.ts";
import { evaluatePath, parsePath } from "./path-expression.ts";

/** Replaces every `${…}` of a text by the value it points at; what is no expression stays as it is (spec/operations §4.1). */
export function fillTemplate(template: string, command: CommandState): string {
  return template.replace(/\$\{([^}]*)\}/g, (unchanged, inner: string) => {
    const path = parsePath(inner);
    if (path === undefined) return unchanged;
    const value = evaluatePath(path, command);
    return value === undefined ? "" : valueText(value);
  });
}

/** One word stays one word whatever its values contain. */
export function fillCommandLine([program, ...args]: CommandLine, command: CommandState): CommandLine {
  return [fillTemplate(program, command), ...args.map((word) => fillTemplate(word, command))];
}

function valueText(value: Json): string {
  return typeof value === "string" ? value : stringifySorted(value);
}
