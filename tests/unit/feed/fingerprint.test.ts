import { expect, test } from "bun:test";
import { fingerprint } from "../../../src/feed/fingerprint.ts";

const print = (text: string) => fingerprint(new TextEncoder().encode(text));

test("the same bytes have the same fingerprint, others another one, and it is a whole number", () => {
  expect(print('{"status":"up"}')).toBe(print('{"status":"up"}'));
  expect(print('{"status":"up"}')).not.toBe(print('{"status":"uq"}'));
  expect(Number.isSafeInteger(print(""))).toBe(true);
});
