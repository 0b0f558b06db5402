import { expect, test } from "bun:test";
import { queueBudget } from "../../../../src/platform/front/queue-budget.ts";

function holder(name: string, cut: string[]) {
  return { cut: () => void cut.push(name) };
}

test("when too much is held those that stand still the longest are cut, until it is little enough", () => {
  const cut: string[] = [];
  const [first, second, third, fourth] = [holder("1", cut), holder("2", cut), holder("3", cut), holder("4", cut)];
  const budget = queueBudget(100);
  budget.holds(first, 40);
  budget.holds(second, 40);
  budget.holds(first, 20);
  budget.holds(third, 30);
  expect(cut).toEqual([]);
  budget.holds(fourth, 60);
  expect(cut).toEqual(["2", "1"]);
});

test("who is done holds nothing, and is not cut", () => {
  const cut: string[] = [];
  const [first, second] = [holder("1", cut), holder("2", cut)];
  const budget = queueBudget(100);
  budget.holds(first, 100);
  budget.holds(first, 0);
  budget.holds(second, 100);
  expect(cut).toEqual([]);
});
