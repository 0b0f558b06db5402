import type { RandomBytes } from "../../../src/security/token-text.ts";

/** Bytes that can be foreseen, other ones with each call. */
export function foreseenBytes(): RandomBytes {
  let calls = 0;
  return (count) => new Uint8Array(count).fill(calls++);
}
