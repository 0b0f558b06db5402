import { createHash, timingSafeEqual } from "node:crypto";

/** A bearer token as its two parts: whose it is can be looked up by `id`, which is no secret. */
export interface Token {
  /** Eight hexadecimal digits, or `local` for the token of the gateway's own processes. */
  readonly id: string;
  /** 256 random bits, base64url. */
  readonly secret: string;
}

/** Gives so many unpredictable bytes. */
export type RandomBytes = (count: number) => Uint8Array;

export const LOCAL_TOKEN_ID = "local";

/** A token that nobody knows yet. */
export function newToken(random: RandomBytes, id = Buffer.from(random(4)).toString("hex")): Token {
  return { id, secret: Buffer.from(random(32)).toString("base64url") };
}

/** `tebus_1f3a9c0e_…`: fit for a header (RFC 6750 §2.1), and found by programs that look for leaked secrets. */
export function formatToken({ id, secret }: Token): string {
  return `tebus_${id}_${secret}`;
}

/** `undefined` for what is no token of ours. */
export function parseToken(text: string): Token | undefined {
  const [, id, secret] = /^tebus_([0-9a-f]{8}|local)_([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** What is stored of a token: the SHA-256 of its secret, hexadecimal. One round is enough for 256 random bits. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Takes the same time whatever the difference is. `hash` is hexadecimal. */
export function isSecretOf(hash: string, secret: string): boolean {
  const [left, right] = [Buffer.from(hash, "hex"), Buffer.from(hashSecret(secret), "hex")];
  return left.length === right.length && timingSafeEqual(left, right);
}
