import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, parseJson } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** The units of the values of one measurement topic, as `<E>/m/<type>/meta` gives them (spec/mqtt-api §7.4). */
export interface MeasurementUnits {
  /** By name of a value that is in no group. */
  readonly values: ReadonlyMap<string, string>;
  /** By name of a group, then by name of a value in it. */
  readonly groups: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The payload of `<E>/m/<type>/meta`: free form; only units are looked at. */
export const MEASUREMENT_META_SCHEMA = v.pipe(
  v.record(
    v.pipe(v.string(), v.description("<value>, or <group>.<value>")),
    v.union([v.looseObject({ unit: v.string() }), v.unknown()]),
  ),
  v.examples([{ flow: { unit: "l/min" }, "motor.rpm": { unit: "1/min", max: 3_000 } }]),
);

/**
 * Reads the whole metadata of a topic; `undefined` takes them away. Code `invalid-metadata`, with the *wire* text.
 * A document that is no object has no units.
 */
export function parseMeasurementMeta(text: string): Result<MeasurementUnits | undefined, Fault<"invalid-metadata">> {
  if (text === "") return ok(undefined);
  const json = parseJson(text);
  if (!json.ok) {
    return err(fault("invalid-metadata", "Failed to update the context: not a JSON payload", { cause: json.fault }));
  }
  if (json.value === null) return ok(undefined);
  const values = new Map<string, string>();
  const groups = new Map<string, Map<string, string>>();
  for (const [key, meta] of isJsonObject(json.value) ? Object.entries(json.value) : []) {
    const unit = isJsonObject(meta) && Object.hasOwn(meta, "unit") ? meta.unit : undefined;
    if (typeof unit !== "string") continue;
    const [group, name] = splitName(key);
    if (group === undefined) values.set(name, unit);
    else groups.set(group, (groups.get(group) ?? new Map<string, string>()).set(name, unit));
  }
  return ok({ values, groups });
}

/** The unit of a value; `group` for one that is in a group. */
export function unitOf(units: MeasurementUnits | undefined, name: string, group?: string): string | undefined {
  return group === undefined ? units?.values.get(name) : units?.groups.get(group)?.get(name);
}

function splitName(key: string): [group: string | undefined, name: string] {
  const at = key.indexOf(".");
  return at < 0 ? [undefined, key] : [key.slice(0, at), key.slice(at + 1)];
}
