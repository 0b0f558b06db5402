import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok } from "../../../../src/base/result.ts";
import { scriptOutcome } from "../../../../src/operations/steps/script-outcome.ts";
import type { ScriptResult } from "../../../../src/operations/steps/script-result.ts";
import type { ExitHandlers } from "../../../../src/operations/workflow/definition.ts";

const states = new Set(["a", "b", "c", "failed"]);
const FAILED_BY_DEFAULT: ExitHandlers = { codes: [], error: { status: "failed" } };

const exited = (code: number, stdout: string | Uint8Array = ""): ScriptResult =>
  ok({
    kind: "exited",
    code,
    stdout: typeof stdout === "string" ? new TextEncoder().encode(stdout) : stdout,
    stderr: new Uint8Array(0),
  });
const killed = (signal: number, stdout = ""): ScriptResult =>
  ok({ kind: "killed", signal, timedOut: false, stdout: new TextEncoder().encode(stdout), stderr: new Uint8Array(0) });
const notLaunched: ScriptResult = err(
  fault("launch-failed", "Cannot run p", { cause: fault("ENOENT", "No such file or directory") }),
);
const block = (content: string) => `before\n:::begin-tedge:::\n${content}\n:::end-tedge:::\nafter`;

function outcome(result: ScriptResult, exits: Partial<ExitHandlers> = {}) {
  return scriptOutcome(result, {
    program: "p",
    exits: { ...FAILED_BY_DEFAULT, ...exits },
    isState: (status) => states.has(status),
  });
}

describe("exit 0 with a success handler", () => {
  const success = { status: "a", reason: "static" };

  test("goes to its status without any output", () => {
    expect(outcome(exited(0), { success })).toEqual({ status: "a", update: { reason: "static" } });
  });

  test("merges what the script says, whose reason wins and whose status does not count", () => {
    const said = block('{"x":1,"reason":"said","status":"b"}');
    expect(outcome(exited(0, said), { success })).toEqual({
      status: "a",
      update: { x: 1, reason: "said", status: "b" },
    });
  });

  test.each(["no markers", block("{"), block("[1]"), block('"text"'), ":::begin-tedge:::\n{}"])(
    "does not mind the output %j",
    (stdout) => {
      expect(outcome(exited(0, stdout), { success })).toEqual({ status: "a", update: { reason: "static" } });
    },
  );
});

describe("exit 0 without success handler", () => {
  test("goes where the script says", () => {
    expect(outcome(exited(0, block('{"status":"b","x":1}')))).toEqual({ status: "b", update: { status: "b", x: 1 } });
    expect(outcome(exited(0, block('{"status":"b"}')), { stdout: ["a", "b"] })).toMatchObject({ status: "b" });
  });

  test.each([
    ["", "Program `p` stdout contains no :::tedge::: content"],
    [":::begin-tedge:::\n:::end-tedge:::", "Program `p` stdout contains no :::tedge::: content"],
    [":::end-tedge:::\n:::begin-tedge:::\n{}", "Program `p` stdout contains no :::tedge::: content"],
  ])("fails when the output is %j", (stdout, reason) => {
    expect(outcome(exited(0, stdout), { error: { status: "c" } })).toEqual({ status: "failed", update: { reason } });
  });

  test("fails when the output is not JSON or not UTF-8", () => {
    expect(String(outcome(exited(0, block("{"))).update.reason)).toStartWith("Program `p` stdout is not valid JSON: ");
    expect(outcome(exited(0, new Uint8Array([0xff]))).update).toEqual({ reason: "Program `p` stdout is not UTF8" });
  });

  test.each([
    ["no status", '{"x":1}', "Program `p` stdout contains no status"],
    ["a status that is no text", '{"status":1}', "Program `p` stdout contains no status"],
    ["no object", "[]", "Program `p` stdout contains no status"],
    ["a status that on_stdout does not name", '{"status":"c"}', "Program `p` stdout gives an unexpected status: c"],
  ])("goes to on_error when the script gives %s", (_what, json, reason) => {
    const exits = { stdout: ["a", "b"], error: { status: "b" } };
    expect(outcome(exited(0, block(json)), exits)).toEqual({ status: "b", update: { reason } });
  });

  test("goes to on_error when the script names no state of the workflow", () => {
    expect(outcome(exited(0, block('{"status":"x","reason":"said"}')), { error: { status: "b" } })).toEqual({
      status: "b",
      update: { reason: "said" },
    });
  });
});

describe("exit n", () => {
  const codes = [
    { from: 1, to: 1, handler: { status: "a" } },
    { from: 3, to: 5, handler: { status: "b", reason: "static" } },
  ];

  test("that is matched goes to its status and merges what the script says", () => {
    expect(outcome(exited(1), { codes })).toEqual({ status: "a", update: {} });
    expect(outcome(exited(4), { codes })).toEqual({ status: "b", update: { reason: "static" } });
    expect(outcome(exited(5, block('{"x":1,"reason":"said"}')), { codes })).toEqual({
      status: "b",
      update: { x: 1, reason: "said" },
    });
  });

  test("that is not matched takes only the reason of what the script says", () => {
    expect(outcome(exited(2), { codes })).toEqual({ status: "failed", update: { reason: "p returned exit code 2" } });
    expect(outcome(exited(2, block('{"x":1,"reason":"said"}')), { codes })).toEqual({
      status: "failed",
      update: { reason: "said" },
    });
  });

  test("prefers the script's reason to the handler's, and that to the generated one", () => {
    const error = { status: "c", reason: "static" };
    expect(outcome(exited(9, block('{"reason":"said"}')), { error }).update).toEqual({ reason: "said" });
    expect(outcome(exited(9, block('{"reason":7}')), { error }).update).toEqual({ reason: "static" });
    expect(outcome(exited(9), { error })).toEqual({ status: "c", update: { reason: "static" } });
  });
});

describe("a killed script", () => {
  test("goes to on_kill as given, or fails with the signal", () => {
    const said = block('{"reason":"said"}');
    expect(outcome(killed(9, said))).toEqual({ status: "failed", update: { reason: "p killed by signal 9" } });
    expect(outcome(killed(15), { kill: { status: "a" } })).toEqual({ status: "a", update: {} });
    expect(outcome(killed(15), { kill: { status: "a", reason: "static" } }).update).toEqual({ reason: "static" });
  });

  test("does not fall back to on_error", () => {
    expect(outcome(killed(9), { error: { status: "c" } }).status).toBe("failed");
  });
});

test("a script that cannot be launched goes to on_error with a reason", () => {
  const reason = "Failed to launch p: No such file or directory";
  expect(outcome(notLaunched)).toEqual({ status: "failed", update: { reason } });
  expect(outcome(notLaunched, { error: { status: "c" } })).toEqual({ status: "c", update: { reason } });
  expect(outcome(notLaunched, { error: { status: "c", reason: "static" } }).update).toEqual({ reason: "static" });
});

test("whatever a script says, the command goes to a state of the workflow", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), fc.json(), fc.boolean(), (code, json, listed) => {
      const { status } = outcome(exited(code, block(json)), listed ? { stdout: ["a"] } : {});
      expect(states.has(status)).toBe(true);
    }),
  );
});
