/** A float64 as the reference's texts show it: with a point, and with an exponent when it is very large or small: `25.0`, `1e20`, `1.5e-7`. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-5 && size < 1e16)) return decimalText(value);
  return value.toExponential().replace("e+", "e");
}

/** A finite float64 by its shortest digits, always with a point and never with an exponent: `25.0`, `0.0000001`. */
export function decimalText(value: number): string {
  const [mantissa = "", exponent = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const point = Number(exponent) + 1;
  const padded = point <= 0 ? digits.padStart(digits.length + 1 - point, "0") : digits.padEnd(point + 1, "0");
  const at = Math.max(1, point);
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return `${sign}${padded.slice(0, at)}.${padded.slice(at)}`;
}
