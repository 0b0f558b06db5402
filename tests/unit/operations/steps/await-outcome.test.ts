// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import { builtinOutcome, subOperationOutcome } from "../../../../src/operations/steps/await-outcome.ts";
import type { AwaitCompletionAction } from "../../../../src/operations/workflow/definition.ts";
import { aCommand, anAddress } from "../a-command.ts";

const action: AwaitCompletionAction = {
  kind: "await-operation-completion",
  builtin: false,
  output: { kind: "table", table: { got: "${.payload.made}", by: "${.topic.operation}" } },
  onSuccess: { status: "done" },
  onError: { status: "wrong" },
  onTimeout: { status: "late" },
};
const strict = { ...action, onError: { status: "wrong", reason: "static" } };
const sub = (payload: { status: string; made?: number; reason?: string }) =>
  aCommand(payload, anAddress("child", "sub:op:1"));

test("a successful sub-command gives its output to its parent", () => {
  expect(subOperationOutcome(action, sub({ status: "successful", made: 3 }))).toEqual({
    status: "done",
    update: { got: 3, by: "child" },
  });
});

test("a failed sub-command gives its reason, unless the handler has one", () => {
  const failed = sub({ status: "failed", made: 3, reason: "no luck" });
  expect(subOperationOutcome(action, failed)).toEqual({ status: "wrong", update: { reason: "no luck" } });
  expect(subOperationOutcome(strict, failed)).toEqual({ status: "wrong", update: { reason: "static" } });
  expect(subOperationOutcome(action, sub({ status: "failed" })).update).toEqual({
    reason: "The sub-operation child failed without a reason",
  });
});

test("a sub-command that ended in another state than successful has not succeeded", () => {
  expect(subOperationOutcome(action, sub({ status: "gone-home" })).status).toBe("wrong");
});

test("a sub-command that is not there any more leads to on_error", () => {
  expect(subOperationOutcome(action, undefined)).toEqual({
    status: "wrong",
    update: { reason: "The sub-operation has been removed" },
  });
});

test("a built-in operation merges its result, and keeps its reason unless the handler has one", () => {
  expect(builtinOutcome(action, { status: "successful", update: { list: [] } })).toEqual({
    status: "done",
    update: { list: [] },
  });
  const failed = { status: "failed", reason: "no disk", update: { failures: [1] } } as const;
  expect(builtinOutcome(action, failed)).toEqual({ status: "wrong", update: { failures: [1], reason: "no disk" } });
  expect(builtinOutcome(strict, failed).update).toEqual({ failures: [1], reason: "static" });
});
