import { fault } from "./fault.ts";
import { isJsonObject, type Json, parseJson } from "./json.ts";
import { type JsonLayout, scanJson } from "./json-scan.ts";
import { quoteText } from "./quoted-text.ts";
import { err, ok, type Result } from "./result.ts";

/** A JSON text that was read, with the complaints that its shape may give rise to. */
export interface JsonDocument {
  readonly value: Json;
  readonly complaint: ShapeComplaint;
}

/** Says in the words of the reference's parser what is wrong with the shape of a document: `… at line 1 column 4` (spec/http-api §3.1). */
export interface ShapeComplaint {
  /** ``invalid type: boolean `true`, expected a map``: about the outermost value, or one of its members. */
  invalidType(value: Json, expected: string, member?: string): string;
  /** ``unknown field `x`, expected …``, at the closing quote of its name. */
  unknownField(name: string, expected: string): string;
  missingField(name: string): string;
  /** Any other reason, at the end of the value of a member. */
  refused(reason: string, member: string): string;
}

/** Reads strict JSON, nested at most 127 deep. The fault's message is the text of the reference's parser, which clients show. */
export function readDocument(text: string): Result<JsonDocument> {
  const bytes = new TextEncoder().encode(text);
  const scan = scanJson(bytes);
  if (!scan.ok) return err(fault("invalid-json", `${scan.flaw.reason}${place(bytes, scan.flaw.offset)}`));
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  return ok({ value: parsed.value, complaint: shapeComplaint(bytes, scan.layout) });
}

function shapeComplaint(bytes: Uint8Array, layout: JsonLayout): ShapeComplaint {
  const memberOf = (name: string) => layout.members.findLast((member) => member.name === name);
  return {
    invalidType(value, expected, name) {
      const member = name === undefined ? undefined : memberOf(name);
      const start = member?.valueStart ?? layout.start;
      const end = member?.valueEnd ?? layout.end;
      const offset = Array.isArray(value) || isJsonObject(value) ? start : end;
      return `invalid type: ${describeValue(value)}, expected ${expected}${place(bytes, offset)}`;
    },
    unknownField(name, expected) {
      return `unknown field \`${name}\`, expected ${expected}${place(bytes, memberOf(name)?.nameEnd ?? layout.end)}`;
    },
    missingField: (name) => `missing field \`${name}\`${place(bytes, layout.end)}`,
    refused: (reason, name) => `${reason}${place(bytes, memberOf(name)?.valueEnd ?? layout.end)}`,
  };
}

function describeValue(value: Json): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return `boolean \`${value}\``;
  if (typeof value === "string") return `string ${quoteText(value)}`;
  if (Array.isArray(value)) return "sequence";
  if (isJsonObject(value)) return "map";
  const digits = JSON.stringify(value);
  return /^-?\d+$/.test(digits) ? `integer \`${digits}\`` : `floating point \`${digits}\``;
}

/** Lines from 1, columns in bytes. */
function place(bytes: Uint8Array, offset: number): string {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(NEWLINE) + 1;
  const line = before.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 1);
  return ` at line ${line} column ${offset - lineStart}`;
}

const NEWLINE = 0x0a;
