import { createHash } from "node:crypto";

/** What every file system takes, FAT32 included, with some room for endings. */
const LONGEST = 200;
const DIGITS = 16;

/**
 * Name of the file that a software package is downloaded to: `<name>[_<version>]`, where what is not safe becomes `%` and the lower-case hex of
 * its UTF-8 bytes (spec/http-api §8). A name that is too long for a file ends in a part of its SHA-256.
 */
export function softwareFileName(name: string, version?: string): string {
  const whole = version === undefined ? name : `${name}_${version}`;
  const safe = /^\.{0,2}$/.test(whole) ? hex(whole) : whole.replace(/[^0-9A-Za-z\-._~]/gu, hex);
  if (safe.length <= LONGEST) return safe;
  const digest = createHash("sha256").update(whole).digest("hex").slice(0, DIGITS);
  return `${safe.slice(0, LONGEST - DIGITS - 1).replace(/%.?$/, "")}~${digest}`;
}

function hex(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}
