/**
 * Compares two texts as their UTF-8 bytes compare (spec/http-api §3.3). Only surrogates make it differ from the order of JavaScript:
 * they stand for what comes behind everything else.
 */
export function byteOrder(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
