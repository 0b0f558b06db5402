import { type Fault, fault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

/** Powers of 1024, with or without `iB`; powers of 1000 with `B`. */
const FACTORS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ...["k", "m", "g", "t"].flatMap((letter, index): [string, number][] => [
    [letter, 1024 ** (index + 1)],
    [`${letter}ib`, 1024 ** (index + 1)],
    [`${letter}b`, 1000 ** (index + 1)],
  ]),
]);

/**
 * Reads a number of bytes such as `1048576`, `512M`, `1.5GiB` (powers of 1024) or `2GB` (powers of 1000), in upper or lower case.
 * Code `invalid-size`.
 */
export function parseByteSize(text: string): Result<number, Fault<"invalid-size">> {
  const [, digits = "", suffix = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = FACTORS.get(suffix.toLowerCase());
  const bytes = digits === "" || factor === undefined ? Number.NaN : Math.floor(Number(digits) * factor);
  if (Number.isSafeInteger(bytes)) return ok(bytes);
  return err(fault("invalid-size", "expected a number of bytes, such as 1048576, 512M, 1.5GiB or 2GB"));
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

/** `3 bytes`, `1.5 MiB`: for people. */
export function printByteSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const number = bytes / 1024 ** power;
  return `${power === 0 ? number : number.toFixed(1)} ${UNITS[power]}`;
}
