import * as v from "valibot";
import { TIME_SCHEMA } from "./time-value.ts";

/** Names that a measured value cannot have, since Cumulocity has something else there. */
const RESERVED_NAMES: readonly string[] = ["type", "externalSource"];

export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.includes(name);
}

/** Zero, or a number that a float64 holds with all its digits; for a number that is not infinite. */
export function isNormal(value: number): boolean {
  return value === 0 || Math.abs(value) >= SMALLEST_NORMAL;
}

const SMALLEST_NORMAL = 2 ** -1022;

const VALUE = v.pipe(v.number(), v.check(isNormal, "Denormal"));

const GROUP = v.pipe(
  v.record(v.string(), VALUE),
  v.minEntries(1),
  v.check((group) => !RESERVED_NAMES.some((name) => Object.hasOwn(group, name)), "Reserved name"),
);

/** The payload of `<E>/m/<type>` (spec/mqtt-api §7.3): accepts what `parseMeasurement` accepts, and says of it what a schema can say. */
export const MEASUREMENT_SCHEMA = v.pipe(
  v.objectWithRest(
    {
      time: v.optional(TIME_SCHEMA),
      properties: v.optional(v.pipe(v.unknown(), v.description("Members of an object are kept beside the values"))),
      type: v.optional(v.union([v.pipe(v.string(), v.description("Overrides the type of the topic")), GROUP])),
      externalSource: v.optional(GROUP),
    },
    v.union([
      v.pipe(VALUE, v.description("A value, kept as float64")),
      v.pipe(GROUP, v.description("Values that belong together")),
      v.pipe(v.string(), v.description("Ignored")),
    ]),
  ),
  v.check((payload) => Object.keys(payload).some((name) => name !== "time" && name !== "properties"), "No value"),
  v.examples([{ time: "2024-05-02T18:59:21Z", temperature: 25.5, coordinate: { x: 32.54, y: -117.67 } }]),
);
