import { err, ok, type Result } from "../base/result.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { mapperList, type References } from "./references.ts";
import { parseVariable, referenceMistake } from "./template.ts";

/** The elements that the `for` of a template rule runs over: a literal list, or exactly one reference to one (spec/bridges-and-mappers §2.4). */
export function expandLoop(
  over: string | readonly string[],
  references: References,
): Result<readonly string[], Mistake> {
  if (typeof over !== "string") return ok(over);
  if (!over.startsWith("${")) {
    const all = { start: 0, end: over.length };
    return err(mistake("syntax", `found '${over}' expected an array, or one reference to 'tedge' or 'mapper'`, all));
  }
  const variable = parseVariable(over, 0);
  if (!variable.ok) return variable;
  const { name, key, span } = variable.value;
  if (span.end !== over.length) {
    const rest = { start: span.end, end: over.length };
    return err(mistake("syntax", `found '${over.slice(span.end)}' expected end of input`, rest));
  }
  if ((name !== "tedge" && name !== "mapper") || key === "") {
    return err(mistake("syntax", `found '${over.slice(2, -1)}' expected 'tedge' or 'mapper'`, span));
  }
  const list = name === "tedge" ? references.tedgeList(key) : mapperList(references, key);
  return list.ok ? list : err(referenceMistake(list.fault, span));
}
