import { createHash } from "node:crypto";

/** Strong entity tag of a text, quotes included: equal for equal texts, in every process and for ever (RFC 9110 §8.8.3). */
export function entityTag(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, TAG_LENGTH)}"`;
}

/** 132 bits: nobody finds two texts with one tag. */
const TAG_LENGTH = 22;
