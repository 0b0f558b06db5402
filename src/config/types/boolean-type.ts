import { ok } from "../../base/result.ts";
import { invalidValue, type ValueType, wrongKind } from "../value-type.ts";

export const booleanType: ValueType<boolean> = {
  name: "true|false",
  choices: ["true", "false"],
  parse(text) {
    if (text === "true" || text === "false") return ok(text === "true");
    return invalidValue("provided string was not `true` or `false`");
  },
  print: String,
  fromToml: (value) => (typeof value === "boolean" ? ok(value) : wrongKind(value, "a boolean")),
  toToml: (value) => value,
};
