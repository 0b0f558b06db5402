import { expect, test } from "bun:test";
import type { CommandPayload } from "../../../../src/bus/payload/command.ts";
import { admit } from "../../../../src/operations/command/admission.ts";
import { anAddress } from "../a-command.ts";

const root = anAddress();
const sub = anAddress("op", "sub:other:1");
const MARKS = { "@version": "v", logPath: "/l" };

const rows: readonly (readonly [string, CommandPayload, CommandPayload | undefined, string])[] = [
  ["a new request", { status: "init", x: 1 }, undefined, "accept"],
  ["the same request again", { status: "init", x: 1 }, { status: "init", x: 1, ...MARKS }, "repeated"],
  [
    "our own resumed init",
    { status: "init", x: 1, ...MARKS, resumed_at: "1.0" },
    { status: "init", x: 1, ...MARKS },
    "repeated",
  ],
  [
    "the same request, moved on",
    { status: "init", x: [1, { y: 2 }] },
    { status: "s", x: [1, { y: 2 }], z: 3, ...MARKS },
    "repeated",
  ],
  ["another request", { status: "init", x: 2 }, { status: "init", x: 1, ...MARKS }, "conflict"],
  ["a request with more in it", { status: "init", x: 1, y: 1 }, { status: "executing", x: 1, ...MARKS }, "conflict"],
  ["a request with less in it", { status: "init" }, { status: "init", x: 1, ...MARKS }, "conflict"],
  ["a state from outside", { status: "executing" }, { status: "init", ...MARKS }, "ignore"],
  ["a state from outside of no command", { status: "executing" }, undefined, "ignore"],
  ["a final state of no command", { status: "failed", ...MARKS }, undefined, "ignore"],
  ["a state of ours of no command", { status: "executing", ...MARKS }, undefined, "leftover"],
];
test.each(rows)("%s", (_what, received, known, kind) => {
  expect(admit(root, received, known).kind).toBe(kind as never);
});

test("nothing of a sub-command that is not on the board is ours any more, but a request for one is a request", () => {
  expect(admit(sub, { status: "init" }, undefined).kind).toBe("accept");
  expect(admit(sub, { status: "init", ...MARKS }, undefined).kind).toBe("leftover");
  expect(admit(sub, { status: "successful" }, undefined).kind).toBe("leftover");
  expect(admit(sub, { status: "successful" }, { status: "s" }).kind).toBe("ignore");
});
