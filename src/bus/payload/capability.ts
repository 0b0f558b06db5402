import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { flawAt, type JsonCursor, readJsonText } from "../../base/json-cursor.ts";
import { describeFlaw } from "../../base/json-flaw.ts";
import { readJson, wrongType } from "../../base/json-read.ts";
import { end, nextElement, nextName, nextToken, open, readString } from "../../base/json-token.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** What an entity says about an operation that it knows (spec/mqtt-api §10.3). */
export interface Capability {
  /** Types of software, configuration or log; `undefined` when it names none. */
  readonly types?: readonly string[];
}

export type CapabilityFault = Fault<"invalid-capability">;

const TYPES = v.pipe(
  v.array(v.string()),
  v.description("Types of software, configuration or log that the operation knows"),
);

/** The payload of `<E>/cmd/<operation>` when it is not empty, which withdraws the capability. */
export const CAPABILITY_SCHEMA = v.pipe(
  v.looseObject({ types: v.optional(TYPES) }),
  v.examples([{}, { types: ["apt", "container"] }]),
);

/** The payload of the operations that cannot be asked without a type. */
export const TYPED_CAPABILITY_SCHEMA = v.pipe(
  v.looseObject({ types: TYPES }),
  v.examples([{ types: ["tedge-configuration-plugin", "mosquitto"] }]),
);

const NEED_TYPES: readonly string[] = ["log_upload", "config_snapshot", "config_update"];
const MAY_HAVE_TYPES: readonly string[] = ["software_list", "software_update"];

/**
 * Reads the text of a capability message; `undefined` withdraws it. Of operations without types the text does not matter. The fault's
 * message says what is wrong and where, in the words of the reference's parser: ``missing field `types` at line 1 column 2``.
 */
export function parseCapability(operation: string, text: string): Result<Capability | undefined, CapabilityFault> {
  if (text === "") return ok(undefined);
  const isNeeded = NEED_TYPES.includes(operation);
  if (!isNeeded && !MAY_HAVE_TYPES.includes(operation)) return ok({});
  const read = readJsonText(text, (cursor) => readCapability(cursor, isNeeded));
  return read.ok ? read : err(fault("invalid-capability", describeFlaw(read.fault)));
}

function readCapability(cursor: JsonCursor, isNeeded: boolean): Capability {
  if (nextToken(cursor) !== "object") throw wrongType(cursor, "a map", false);
  let types: readonly string[] | undefined;
  open(cursor);
  for (let name = nextName(cursor, true); name !== undefined; name = nextName(cursor, false)) {
    if (name === "types") types = readTypes(cursor);
    else readJson(cursor);
  }
  if (types === undefined && isNeeded) throw flawAt(cursor, "missing field `types`");
  end(cursor);
  return types === undefined ? {} : { types };
}

function readTypes(cursor: JsonCursor): string[] {
  if (nextToken(cursor) !== "array") throw wrongType(cursor, "a sequence", false);
  const types: string[] = [];
  open(cursor);
  for (let more = nextElement(cursor, true); more; more = nextElement(cursor, false)) {
    if (nextToken(cursor) !== "string") throw wrongType(cursor, "a string", false);
    types.push(readString(cursor));
  }
  return types;
}
