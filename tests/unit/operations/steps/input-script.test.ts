import { expect, test } from "bun:test";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok } from "../../../../src/base/result.ts";
import { inputScriptOutcome } from "../../../../src/operations/steps/input-script.ts";
import type { ScriptResult } from "../../../../src/operations/steps/script-result.ts";

const exited = (code: number, stdout: string): ScriptResult =>
  ok({ kind: "exited", code, stdout: new TextEncoder().encode(stdout), stderr: new Uint8Array(0) });
const block = (json: string) => `:::begin-tedge:::\n${json}\n:::end-tedge:::`;

test("the object between the markers is the input", () => {
  expect(inputScriptOutcome("p", exited(0, block('{"x":1}')))).toEqual(ok({ x: 1 }));
});

const nothing = new Uint8Array(0);
const mistakes: readonly (readonly [string, ScriptResult, string])[] = [
  ["not launched", err(fault("launch-failed", "x", { cause: fault("ENOENT", "gone") })), "cannot be launched: gone"],
  ["exit 3", exited(3, block("{}")), "failed with exit code 3"],
  [
    "killed",
    ok({ kind: "killed", signal: 9, timedOut: false, stdout: nothing, stderr: nothing }),
    "has been killed by SIG9",
  ],
  ["no content", exited(0, "x"), "stdout contains no :::tedge::: content"],
  ["no object", exited(0, block("[]")), "stdout is not a JSON object"],
];
test.each(mistakes)("an input script that is %s is the reason why the command fails", (_what, result, text) => {
  const outcome = inputScriptOutcome("p", result);
  expect(outcome.ok ? "" : outcome.fault.message).toBe(`Program \`p\` ${text}`);
});
