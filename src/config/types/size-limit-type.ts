import { parseByteSize } from "../../base/byte-size.ts";
import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** A bound in bytes, or as a part (above 0, at most 1) of the file system; with the text that it was given as. */
export type SizeLimit =
  | { readonly kind: "bytes"; readonly bytes: number; readonly text: string }
  | { readonly kind: "share"; readonly share: number; readonly text: string };

/** `500M`, `2GB`, `1073741824`, or `40%` of the file system. Stored as text; a bare integer in a file counts as bytes. */
export const sizeLimitType: ValueType<SizeLimit> = {
  name: "size",
  parse,
  print: (value) => value.text,
  fromToml(value) {
    if (typeof value === "string") return parse(value);
    return typeof value === "number" ? parse(String(value)) : wrongKind(value, "a size");
  },
  toToml: (value) => value.text,
};

function parse(text: string): Result<SizeLimit, ValueFault> {
  const percent = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text)?.[1];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    return share > 0 && share <= 1
      ? ok({ kind: "share", share, text })
      : invalidValue("expected more than 0 and at most 100 percent");
  }
  const bytes = parseByteSize(text);
  if (!bytes.ok) return invalidValue(`${bytes.fault.message}, or a part of the file system such as 50%`);
  return bytes.value > 0 ? ok({ kind: "bytes", bytes: bytes.value, text }) : invalidValue("expected more than 0 bytes");
}
