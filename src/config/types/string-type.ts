import { resolve } from "node:path";
import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

export const stringType = textType("string", ok);

/** A path that was typed is made absolute and cleaned; one from a file is taken as it stands. */
export const pathType: ValueType<string> = { ...textType("path", (text) => ok(resolve(text))), fromToml: anyText };

/** A string type whose file form is checked like the typed one. */
export function textType(name: string, parse: (text: string) => Result<string, ValueFault>): ValueType<string> {
  return {
    name,
    parse,
    print: (value) => value,
    fromToml: (value) => (typeof value === "string" ? parse(value) : wrongKind(value, "a string")),
    toToml: (value) => value,
  };
}

function anyText(value: Parameters<ValueType<string>["fromToml"]>[0]): Result<string, ValueFault> {
  if (typeof value !== "string") return wrongKind(value, "a path");
  return value.includes("\0") ? invalidValue("a path cannot contain a NUL character") : ok(value);
}
