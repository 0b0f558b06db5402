/**
 * A float64 as the reference's texts show it: always with a point, never with an exponent: `25.0`, `0.0000001`.
 * For a finite value.
 */
export function floatDisplay(value: number): string {
  const [mantissa = "", exponent = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  const padded = point <= 0 ? digits.padStart(digits.length + 1 - point, "0") : digits.padEnd(point + 1, "0");
  const at = Math.max(1, point);
  return `${isNegative(value) ? "-" : ""}${padded.slice(0, at)}.${padded.slice(at)}`;
}

/** As `floatDisplay`, but very large and very small values have an exponent: `1e20`, `1.5e-7`. */
export function floatDebug(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-5 && size < 1e16)) return floatDisplay(value);
  return value.toExponential().replace("e+", "e");
}

function isNegative(value: number): boolean {
  return value < 0 || Object.is(value, -0);
}
