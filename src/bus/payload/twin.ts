import { type Fault, fault } from "../../base/fault.ts";
import { type Json, parseJson } from "../../base/json.ts";
import { ok, type Result } from "../../base/result.ts";

/**
 * Whether a twin fragment may have this key: one level of a topic, not empty, and not a registration key
 * (spec/mqtt-api §5; `+`, `#`, NUL and half a character make no topic, spec/http-api §3.7).
 */
export function isTwinKey(key: string): boolean {
  return key !== "" && !key.startsWith("@") && !/[/+#\0]/.test(key) && key.isWellFormed();
}

/** The *wire* text for a key that is none. */
export function twinKeyFault(key: string): Fault<"invalid-twin-key"> {
  return fault("invalid-twin-key", `Invalid twin key: '${key}'. ${KEY_RULE}`);
}

/** Also the rule for keys of an exposed configuration (spec/mqtt-api §6). */
export const KEY_RULE = "Keys that are empty, containing '/' or starting with '@' are not allowed";

/** Reads the text of a twin message; `null`, spelled out or as an empty text, takes the fragment away. Code `invalid-json`. */
export function parseTwinValue(text: string): Result<Json, Fault<"invalid-json">> {
  return text === "" ? ok(null) : parseJson(text);
}
