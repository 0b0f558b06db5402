import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { formatToken, hashSecret, isSecretOf, newToken, parseToken } from "../../../src/security/token-text.ts";
import { foreseenBytes } from "./token-bytes.ts";

test("a token is read back from its text", () => {
  for (let count = 0; count < 100; count += 1) {
    const token = newToken(randomBytes);
    expect(parseToken(formatToken(token))).toEqual(token);
  }
});

test("its text can stand in a header as it is (RFC 6750 §2.1)", () => {
  expect(formatToken(newToken(randomBytes))).toMatch(/^tebus_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$/);
});

test("id and secret are of different random bytes", () => {
  const { id, secret } = newToken(foreseenBytes());
  expect(id).toBe("00000000");
  expect(Buffer.from(secret, "base64url")).toEqual(Buffer.alloc(32, 1));
});

test.each(["", "tebus", "tebus_1f3a9c0e_", `tebus_1F3A9C0E_${"A".repeat(43)}`, `x_1f3a9c0e_${"A".repeat(43)}`])(
  "%p is no token",
  (text) => expect(parseToken(text)).toBeUndefined(),
);

test("nothing behind or before a token is overlooked", () => {
  const text = formatToken(newToken(randomBytes));
  for (const other of [`${text}A`, `${text}\n`, ` ${text}`, text.slice(0, -1)])
    expect(parseToken(other)).toBeUndefined();
});

test("a secret is recognised by its hash, and no other text is", () => {
  const { secret } = newToken(randomBytes);
  const hash = hashSecret(secret);
  expect(hash).not.toContain(secret);
  expect(isSecretOf(hash, secret)).toBe(true);
  fc.assert(fc.property(fc.string(), (other) => isSecretOf(hash, other) === (other === secret)));
  for (const broken of ["", "0", hash.slice(2), `${hash}00`, "x".repeat(64)])
    expect(isSecretOf(broken, secret)).toBe(false);
});
