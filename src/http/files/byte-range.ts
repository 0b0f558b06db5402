/** Which bytes of a file a request asks for; `end` is behind the last one. */
export type ByteRange =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

/**
 * Reads a Range header for a file of `size` bytes (RFC 9110 §14.1.2). What is malformed, of another unit, or asks for several parts is
 * answered with the whole file, as §14.2 allows.
 */
export function parseByteRange(header: string | null, size: number): ByteRange {
  const match = header === null ? null : /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header);
  if (match === null) return { kind: "whole" };
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? { kind: "whole" } : suffix(Number(last), size);
  const start = Number(first);
  if (last !== "" && Number(last) < start) return { kind: "whole" };
  if (start >= size) return { kind: "unsatisfiable" };
  return { kind: "part", start, end: last === "" ? size : Math.min(Number(last) + 1, size) };
}

function suffix(length: number, size: number): ByteRange {
  if (length === 0 || size === 0) return { kind: "unsatisfiable" };
  return { kind: "part", start: Math.max(0, size - length), end: size };
}
