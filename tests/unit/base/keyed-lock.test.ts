import { expect, test } from "bun:test";
import { keyedLock } from "../../../src/base/keyed-lock.ts";

test("jobs of one key run one after the other in the order in which they came, also after one that failed", async () => {
  const lock = keyedLock();
  const steps: string[] = [];
  const job = (name: string, fails = false) =>
    lock.hold("key", async () => {
      steps.push(`${name} begins`);
      await Promise.resolve();
      steps.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([job("a"), job("b", true), job("c")]);
  expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("jobs of different keys do not wait for one another", async () => {
  const lock = keyedLock();
  const gate = Promise.withResolvers<void>();
  const waiting = lock.hold("a", () => gate.promise);
  expect(await lock.hold("b", async () => "done")).toBe("done");
  gate.resolve();
  await waiting;
});
