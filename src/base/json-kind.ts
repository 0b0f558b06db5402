import { numberKind } from "./json-number.ts";
import { quoteText } from "./quoted-text.ts";

/**
 * What a JSON value is, in the words that clients of the reference know from its parser: ``integer `5` ``, `string "x"`, `sequence`
 * (spec/http-api §3.1). For error texts.
 */
export function jsonKind(value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return `boolean \`${value}\``;
    case "number":
      return numberKind(String(value));
    case "string":
      return `string ${quoteText(value)}`;
    default:
      if (value === null || value === undefined) return "null";
      if (JSON.isRawJSON(value)) return numberKind(value.rawJSON);
      return Array.isArray(value) ? "sequence" : "map";
  }
}
