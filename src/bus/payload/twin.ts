import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { type Json, parseJson } from "../../base/json.ts";
import { ok, type Result } from "../../base/result.ts";
import { LONGEST_ID, UNFIT_FOR_LEVEL } from "../entity-id.ts";
import { isSendable } from "../topic-filter.ts";

/** What the key of a twin fragment looks like. */
export const TWIN_KEY_PATTERN = new RegExp(`^[^@${UNFIT_FOR_LEVEL}][^${UNFIT_FOR_LEVEL}]*$`);

/** Characters. */
export const LONGEST_TWIN_KEY = LONGEST_ID;

/**
 * Whether a twin fragment may have this key: one level of a topic that can be published to, not empty, and not a registration key
 * (spec/mqtt-api §5, spec/http-api §3.7).
 */
export function isTwinKey(key: string): boolean {
  return key.length <= LONGEST_TWIN_KEY && TWIN_KEY_PATTERN.test(key) && isSendable(key);
}

/** The *wire* text for a key that is none. */
export function twinKeyFault(key: string): Fault<"invalid-twin-key"> {
  return fault("invalid-twin-key", `Invalid twin key: '${key}'. ${KEY_RULE}`);
}

/** The key of a twin fragment. The message is the *wire* text. */
export const TWIN_KEY_SCHEMA = v.pipe(
  v.string(),
  v.check(isTwinKey, ({ input }) => twinKeyFault(input).message),
  v.metadata({ pattern: TWIN_KEY_PATTERN.source, maxLength: LONGEST_TWIN_KEY, examples: ["name", "location"] }),
);

/** Also the rule for keys of an exposed configuration (spec/mqtt-api §6). */
export const KEY_RULE = "Keys that are empty, containing '/' or starting with '@' are not allowed";

/** The payload of `<E>/twin/<key>`: any JSON; `null`, or an empty payload, takes the fragment away (spec/mqtt-api §5). */
export const TWIN_VALUE_SCHEMA = v.pipe(v.unknown(), v.examples(["Pump 7", { row: 2 }, null]));

/** Reads the text of a twin message; `null`, spelled out or as an empty text, takes the fragment away. Code `invalid-json`. */
export function parseTwinValue(text: string): Result<Json, Fault<"invalid-json">> {
  return text === "" ? ok(null) : parseJson(text);
}
