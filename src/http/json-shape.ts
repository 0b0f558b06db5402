import * as v from "valibot";
import { isJsonObject } from "../base/json.ts";
import type { JsonDocument, JsonLayout } from "../base/json-document.ts";
import { jsonKind } from "../base/json-kind.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Schema of a JSON object. Its messages are reasons in the words of the reference's parser, without a place. */
export type ShapeSchema = v.GenericSchema & { readonly entries?: v.ObjectEntries };

/**
 * Reads a JSON object by a schema, which decides and gives the reason. Told is the first flaw in the order of the text and where it is, as by
 * a parser that reads from left to right: ``unknown field `x`, expected `@parent` or `@health` at line 1 column 4`` (spec/http-api §3.1).
 */
export function readShape<S extends ShapeSchema>(schema: S, document: JsonDocument): Result<v.InferOutput<S>, string> {
  const { value, layout } = document;
  if (!isJsonObject(value)) {
    const offset = Array.isArray(value) ? layout.start : layout.end;
    return err(`invalid type: ${jsonKind(value)}, expected a map${document.place(offset)}`);
  }
  const read = v.safeParse(schema, value);
  const flaws = [
    ...repeatedMembers(schema, layout),
    ...(read.issues ?? []).map((issue) => ({ reason: issue.message, offset: offsetOf(issue, layout) })),
  ];
  const [first] = flaws.sort((left, right) => left.offset - right.offset);
  if (first === undefined && read.success) return ok(read.output);
  return err(`${first?.reason}${document.place(first?.offset ?? layout.end)}`);
}

interface Flaw {
  readonly reason: string;
  readonly offset: number;
}

/** A member that the schema knows may come once; of others the last one counts (spec/mqtt-api §1). */
function repeatedMembers({ entries = {} }: ShapeSchema, { members }: JsonLayout): Flaw[] {
  const names = new Set<string>();
  return members.flatMap(({ name, nameEnd }) => {
    if (!Object.hasOwn(entries, name)) return [];
    if (names.has(name)) return [{ reason: `duplicate field \`${name}\``, offset: nameEnd }];
    names.add(name);
    return [];
  });
}

/** Missing members are noticed at the end, unknown ones behind their name, lists and maps where they begin, and other values where they end. */
function offsetOf({ path, input }: v.BaseIssue<unknown>, layout: JsonLayout): number {
  const [step] = path ?? [];
  const member = layout.members.findLast(({ name }) => name === step?.key);
  if (step === undefined || member === undefined) return layout.end;
  if (step.origin === "key") return member.nameEnd;
  const isContainer = typeof input === "object" && input !== null && !JSON.isRawJSON(input);
  return isContainer ? member.valueStart : member.valueEnd;
}
