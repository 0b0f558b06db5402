import { posix } from "node:path";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/**
 * Percent-decodes the raw path behind a route prefix as a whole: `%2F` becomes a separator, `+` stays, a `%` without two hexadecimal
 * digits stays (spec/http-api §2.2). Code `not-utf8`; its message is the answer's text.
 */
export function decodeRequestPath(raw: string): Result<string, Fault<"not-utf8">> {
  if (!raw.includes("%")) return ok(raw);
  try {
    return ok(UTF8.decode(decodeBytes(new TextEncoder().encode(raw))));
  } catch {
    return err(fault("not-utf8", "Invalid URL: Invalid UTF-8 in `path`"));
  }
}

/**
 * The absolute path on disk that a decoded request path names, cleaned lexically; `undefined` when it is not below `root`
 * (`root` itself counts as below). `root` is absolute and clean.
 */
export function locateInStore(root: string, decoded: string): string | undefined {
  const joined = posix.normalize(decoded.startsWith("/") ? decoded : `${root}/${decoded}`);
  const path = joined.length > 1 && joined.endsWith("/") ? joined.slice(0, -1) : joined;
  return path === root || path.startsWith(root === "/" ? root : `${root}/`) ? path : undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const PERCENT = 0x25;

function decodeBytes(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const high = bytes[index] === PERCENT ? hexDigit(bytes[index + 1]) : undefined;
    const low = high === undefined ? undefined : hexDigit(bytes[index + 2]);
    if (high === undefined || low === undefined) {
      decoded[length++] = bytes[index] ?? 0;
    } else {
      decoded[length++] = high * 16 + low;
      index += 2;
    }
  }
  return decoded.subarray(0, length);
}

function hexDigit(byte: number | undefined): number | undefined {
  const digit = byte === undefined ? Number.NaN : Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? undefined : digit;
}
