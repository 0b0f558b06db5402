import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { CommandState } from "../command.ts";
import type { Excerpt } from "./definition.ts";
import { evaluatePath, parseWholePath } from "./path-expression.ts";

export const NO_EXCERPT: Excerpt = { kind: "table", table: {} };

/** Draws an `input` or `output` from a command, types kept. What gives no object gives nothing (spec/operations §4.1). */
export function drawExcerpt(excerpt: Excerpt, command: CommandState): JsonObject {
  const drawn = draw(excerpt.kind === "table" ? excerpt.table : excerpt.text, command);
  return isJsonObject(drawn) ? drawn : {};
}

function draw(value: Json, command: CommandState): Json {
  if (typeof value === "string") return drawText(value, command);
  if (isArray(value)) return value.map((inner) => draw(inner, command));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, draw(inner, command)]));
}

function drawText(text: string, command: CommandState): Json {
  if (!/^\$\{[^}]*\}$/.test(text)) return text;
  const path = parseWholePath(text);
  if (path === undefined) return null;
  const value = evaluatePath(path, command);
  return value === undefined ? "" : value;
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
