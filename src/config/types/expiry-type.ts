import { parseDuration } from "../../base/duration.ts";
import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** After how many milliseconds something is given up, at least a second; `undefined` for never. With the text that it was given as. */
export interface Expiry {
  readonly milliseconds: number | undefined;
  readonly text: string;
}

const LEAST = 1_000;

/** `never`, or a duration. Stored as text; a bare integer in a file counts as seconds. */
export const expiryType: ValueType<Expiry> = {
  name: "duration or never",
  parse,
  print: (value) => value.text,
  fromToml(value) {
    if (typeof value === "string") return parse(value);
    return typeof value === "number" ? parse(String(value)) : wrongKind(value, "a duration");
  },
  toToml: (value) => value.text,
};

function parse(text: string): Result<Expiry, ValueFault> {
  if (text.trim() === "never") return ok({ milliseconds: undefined, text: "never" });
  const duration = parseDuration(text);
  if (!duration.ok) return invalidValue(`${duration.fault.message}; use a duration such as 7d, or never`);
  const { milliseconds } = duration.value;
  return milliseconds >= LEAST ? ok({ milliseconds, text }) : invalidValue("expected at least 1s, or never");
}
