import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../base/json.ts";
import { jsonKind } from "../../base/json-kind.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { KEY_RULE } from "./twin.ts";

/** What the key of an exposed configuration looks like. */
const CONFIG_KEY = /^[^@/][^/]*$/;

/** The payload of `<E>/config`: configuration keys and their values (spec/mqtt-api §6). */
export const CONFIG_DOCUMENT_SCHEMA = v.pipe(
  v.record(v.pipe(v.string(), v.regex(CONFIG_KEY, KEY_RULE)), v.unknown()),
  v.examples([{ "device.id": "gw7", "mqtt.client.port": 1883 }]),
);

/** Reads an exposed configuration; an empty text takes it away. Code `invalid-config`; one bad key refuses the whole document. */
export function parseConfigDocument(text: string): Result<JsonObject | undefined, Fault<"invalid-config">> {
  if (text === "") return ok(undefined);
  const json = parseJson(text);
  if (!json.ok) return err(fault("invalid-config", json.fault.message));
  if (!isJsonObject(json.value)) {
    return err(fault("invalid-config", `invalid type: ${jsonKind(json.value)}, expected a map`));
  }
  const badKey = Object.keys(json.value).find((key) => !CONFIG_KEY.test(key));
  if (badKey !== undefined) return err(fault("invalid-config", `Invalid config key: '${badKey}'. ${KEY_RULE}`));
  return ok(json.value);
}
