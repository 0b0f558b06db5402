import { expect, test } from "bun:test";
import { CHECKS, createChecklist } from "../../../../src/services/demo/checklist.ts";

test("all checks are missing until they are observed", () => {
  expect(createChecklist().missing.map((check) => CHECKS[check])).toEqual(Object.values(CHECKS));
});

test("a check that is observed is missing no more, and news only once", () => {
  const checklist = createChecklist();
  expect(checklist.observe("agent-up")).toBe(true);
  expect(checklist.observe("agent-up")).toBe(false);
  expect(checklist.observe("bridge-up")).toBe(true);
  expect(checklist.missing).not.toContain("agent-up");
  expect(checklist.missing).toHaveLength(Object.keys(CHECKS).length - 2);
});

test("each demo has a list of its own", () => {
  createChecklist().observe("agent-up");
  expect(createChecklist().missing).toContain("agent-up");
});
