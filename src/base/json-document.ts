import { fault } from "./fault.ts";
import { type Json, parseJson } from "./json.ts";
import { type JsonLayout, scanJson } from "./json-scan.ts";
import { err, ok, type Result } from "./result.ts";

/** A JSON text that was read, and where its parts are. */
export interface JsonDocument {
  readonly value: Json;
  readonly layout: JsonLayout;
  /** An offset of the layout as the reference's parser tells it: ` at line 1 column 4`. Lines from 1, columns in bytes. */
  place(offset: number): string;
}

/** Reads strict JSON, nested at most 127 deep. The fault's message is the text of the reference's parser, which clients show (spec/http-api §3.1). */
export function readDocument(text: string): Result<JsonDocument> {
  const bytes = new TextEncoder().encode(text);
  const scan = scanJson(bytes);
  if (!scan.ok) return err(fault("invalid-json", `${scan.flaw.reason}${place(bytes, scan.flaw.offset)}`));
  const parsed = parseJson(text);
  if (!parsed.ok) return parsed;
  return ok({ value: parsed.value, layout: scan.layout, place: (offset) => place(bytes, offset) });
}

function place(bytes: Uint8Array, offset: number): string {
  const before = bytes.subarray(0, offset);
  const lineStart = before.lastIndexOf(NEWLINE) + 1;
  const line = before.reduce((count, byte) => (byte === NEWLINE ? count + 1 : count), 1);
  return ` at line ${line} column ${offset - lineStart}`;
}

const NEWLINE = 0x0a;
