import { expect, test } from "bun:test";
import { MAIN_DEVICE } from "../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { spanText, timedStates, timeOfId } from "../../../src/cli/command-times.ts";
import { logMove, logStep } from "../../../src/operations/log-text.ts";

const command = (operation: string, id: string, status: string) => {
  const topic = topicSchema("te").topic(MAIN_DEVICE, { kind: "command", operation, id });
  return { address: { topic, root: "te", device: MAIN_DEVICE, operation, id }, payload: { status } };
};

test("the states of a command are read from what the operation log says about them", () => {
  const log = [
    logStep(command("a", "1", "init"), { kind: "proceed", onSuccess: { status: "x" } }, 1_000),
    logMove(command("a", "1", "x")),
    logStep(command("b", "sub:a:1", "x y"), { kind: "cleanup" }, 2_500),
  ].join("");
  expect(timedStates(log)).toEqual([
    { chain: "a", state: "init", since: 1_000 },
    { chain: "a > b", state: "x y", since: 2_500 },
  ]);
});

test.each([
  ["local-1970-01-01T00-00-01.250000000Z", 1_250],
  ["c8y-mapper-1970-01-01T00-00-02Z", 2_000],
  ["c8y-mapper-123", undefined],
  ["1970-99-99T00-00-02Z", undefined],
])("the time in the id %p is %p", (id, time) => {
  expect(timeOfId(id)).toBe(time);
});

test.each([
  [0, "0.0 s"],
  [9_940, "9.9 s"],
  [60_000, "60 s"],
  [180_000, "3 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 d"],
])("%p milliseconds are told as %p", (milliseconds, text) => {
  expect(spanText(milliseconds)).toBe(text);
});
