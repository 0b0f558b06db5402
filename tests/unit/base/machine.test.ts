import { expect, test } from "bun:test";
import { drive, type Machine } from "../../../src/base/machine.ts";

const counter: Machine<number, number, string> = {
  initial: 0,
  step: (state, input) => ({ state: state + input, effects: [`was ${state}`, `is ${state + input}`] }),
};

test("effects are performed in order, inputs one after the other", () => {
  const seen: string[] = [];
  const driver = drive(counter, (effect) => seen.push(effect));
  driver.send(1);
  driver.send(2);
  expect(seen).toEqual(["was 0", "is 1", "was 1", "is 3"]);
  expect(driver.state).toBe(3);
});

test("an input sent while effects are performed waits for the rest of them", () => {
  const seen: string[] = [];
  const driver = drive(counter, (effect) => {
    seen.push(effect);
    if (effect === "was 0") driver.send(10);
  });
  driver.send(1);
  expect(seen).toEqual(["was 0", "is 1", "was 1", "is 11"]);
});

test("a driver goes on after an effect that threw", () => {
  let fail = true;
  const driver = drive(counter, () => {
    if (fail) throw new Error("bug");
  });
  expect(() => driver.send(1)).toThrow("bug");
  fail = false;
  driver.send(1);
  expect(driver.state).toBe(2);
});
