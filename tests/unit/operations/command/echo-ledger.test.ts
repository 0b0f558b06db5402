import { expect, test } from "bun:test";
import fc from "fast-check";
import { createEchoLedger } from "../../../../src/operations/command/echo-ledger.ts";

test("an own message is known when it comes back, once", () => {
  const ledger = createEchoLedger();
  ledger.published("t", "a");
  expect(ledger.isOut("t")).toBe(true);
  expect(ledger.received("t", "x")).toBe(false);
  expect(ledger.received("u", "a")).toBe(false);
  expect(ledger.received("t", "a")).toBe(true);
  expect(ledger.isOut("t")).toBe(false);
  expect(ledger.received("t", "a")).toBe(false);
});

test("a message that comes back tells that the earlier ones will not", () => {
  const ledger = createEchoLedger();
  for (const text of ["a", "b", "c"]) ledger.published("t", text);
  expect(ledger.received("t", "b")).toBe(true);
  expect(ledger.received("t", "a")).toBe(false);
  expect(ledger.isOut("t")).toBe(true);
  expect(ledger.received("t", "c")).toBe(true);
});

test("a message that never reached the broker is not waited for", () => {
  const ledger = createEchoLedger();
  ledger.published("t", "a");
  ledger.lost("t", "a");
  ledger.lost("t", "never published");
  expect(ledger.isOut("t")).toBe(false);
});

test("what is remembered is bounded", () => {
  const ledger = createEchoLedger();
  for (let number = 0; number < 10_000; number += 1) ledger.published(`t${number}`, "a");
  expect(ledger.isOut("t0")).toBe(false);
  expect(ledger.isOut("t9999")).toBe(true);
});

test("messages that come back in order are all known, and nothing is out at the end", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("", "a", "b"), { maxLength: 60 }), (texts) => {
      const ledger = createEchoLedger();
      for (const text of texts) ledger.published("t", text);
      expect(texts.map((text) => ledger.received("t", text))).toEqual(texts.map(() => true));
      expect(ledger.isOut("t")).toBe(false);
    }),
  );
});
