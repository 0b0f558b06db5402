import { type Duration, parseDuration } from "../../base/duration.ts";
import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** Stored as text, as it was entered; a bare integer in a file counts as seconds too. */
export const durationType: ValueType<Duration> = {
  name: "duration",
  parse,
  print: (value) => value.text,
  fromToml(value) {
    if (typeof value === "string") return parse(value);
    return typeof value === "number" ? parse(String(value)) : wrongKind(value, "a duration");
  },
  toToml: (value) => value.text,
};

function parse(text: string): Result<Duration, ValueFault> {
  const duration = parseDuration(text);
  return duration.ok ? ok(duration.value) : invalidValue(duration.fault.message);
}
