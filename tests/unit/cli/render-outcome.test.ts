import { expect, test } from "bun:test";
import { fault } from "../../../src/base/fault.ts";
import type { CommandOutcome } from "../../../src/cli/outcome.ts";
import { renderOutcome } from "../../../src/cli/render-outcome.ts";

function render(outcome: CommandOutcome, usageExit = 2) {
  const printed: string[] = [];
  const exit = renderOutcome(outcome, (text) => printed.push(text), usageExit);
  return { exit, text: printed.join("") };
}

test("what is done prints nothing and exits 0, or as told", () => {
  expect(render({ kind: "done" })).toEqual({ exit: 0, text: "" });
  expect(render({ kind: "done", exit: 3 })).toEqual({ exit: 3, text: "" });
});

test("a failure with one cause exits 1 and shows it without a number", () => {
  const outcome: CommandOutcome = { kind: "failed", description: "read it", fault: fault("broken", "It is broken") };
  expect(render(outcome)).toEqual({ exit: 1, text: "Error: failed to read it\n\nCaused by:\n    It is broken\n" });
});

test("a failure may name itself", () => {
  const outcome: CommandOutcome = {
    kind: "failed",
    description: "-",
    top: "bad",
    fault: fault("broken", "It is broken"),
  };
  expect(render(outcome).text).toBe("Error: bad\n\nCaused by:\n    It is broken\n");
});

test("several causes are numbered, and every line of a text is indented alike", () => {
  const chain = fault("top", "top", { cause: fault("middle", "two\nlines", { cause: new Error("root") }) });
  expect(render({ kind: "failed", description: "read it", fault: chain, exit: 3 })).toEqual({
    exit: 3,
    text: "Error: failed to read it\n\nCaused by:\n    0: top\n    1: two\n       lines\n    2: root\n",
  });
});

test("a usage error exits as the program demands", () => {
  expect(render({ kind: "usage", text: "unknown key" })).toMatchObject({ exit: 2 });
  expect(render({ kind: "usage", text: "unknown key" }, 1)).toMatchObject({ exit: 1 });
  expect(render({ kind: "usage", text: "unknown key", exit: 4 }).exit).toBe(4);
  expect(render({ kind: "usage", text: "unknown key" }).text).toStartWith("error: unknown key\n");
});
