import { expect, test } from "bun:test";
import { resumeCommand } from "../../../../src/operations/command/resume.ts";
import type { Action, Workflow } from "../../../../src/operations/workflow/definition.ts";
import { aCommand } from "../a-command.ts";

const states = new Map<string, Action>([
  ["init", { kind: "proceed", onSuccess: { status: "executing" } }],
  ["executing", { kind: "proceed", onSuccess: { status: "successful" } }],
  [
    "restarting",
    {
      kind: "await-agent-restart",
      timeout: 60_000,
      onSuccess: { status: "executing", reason: "came back" },
      onTimeout: { status: "failed" },
    },
  ],
]);
const old: Workflow = { operation: "op", version: "v1", states };
const now: Workflow = { operation: "op", version: "v2", states };
const workflows = {
  find: (operation: string, version: string) => (operation === "op" && version === "v1" ? old : undefined),
  current: (operation: string) => (operation === "op" ? now : undefined),
};
const resume = (payload: Parameters<typeof aCommand>[0], since = 1_700_000_000) =>
  resumeCommand({ ...aCommand(payload), since }, workflows);

test("a command goes on in its state, marked with the time of that state", () => {
  expect(resume({ "@version": "v1", x: 1 })).toEqual({
    "@version": "v1",
    x: 1,
    status: "executing",
    resumed_at: "1700000000.0",
  });
});

test("a command that waited for the restart of the agent has got it", () => {
  expect(resume({ "@version": "v1", status: "restarting" })).toMatchObject({
    status: "executing",
    reason: "came back",
  });
});

test("a command of an agent that knew no versions gets the current one", () => {
  expect(resume({ status: "init" })).toMatchObject({ "@version": "v2", status: "init" });
});

test("a command in a version that nobody has any more fails", () => {
  const { status, reason } = resume({ "@version": "v0" });
  expect(status).toBe("failed");
  expect(reason).toBe("Fail to resume on start: unknown workflow version v0 of op");
});

test("a command of an operation that nobody has any more fails", () => {
  const failed = resumeCommand({ ...aCommand({}), since: 1 }, { find: () => undefined, current: () => undefined });
  expect(failed).toMatchObject({ status: "failed", reason: "Fail to resume on start: unknown workflow op" });
});

test.each(["successful", "failed"])("a command that is %s stays as it is", (status) => {
  expect(resume({ status, "@version": "v0", reason: "r" })).toEqual({ status, "@version": "v0", reason: "r" });
});
