// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../../src/base/json.ts";
import { evaluatePath, parsePath, parseWholePath } from "../../../../src/operations/workflow/path-expression.ts";
import { aCommand } from "../a-command.ts";

const command = aCommand({ a: { b: 7 }, list: [{ n: "x" }, [1, [2, 3]]], "@next": { item: "i" }, "": 1 });

const values: readonly (readonly [string, Json | undefined])[] = [
  [".", { topic: command.address.topic, payload: command.payload }],
  [".topic", "te/device/main///cmd/op/1"],
  [".topic.root_prefix", "te"],
  [".topic.target", "device/main//"],
  [".topic.operation", "op"],
  [".topic.cmd_id", "1"],
  [".payload", command.payload],
  [".payload.status", "executing"],
  [".payload.a.b", 7],
  [".payload.@next.item", "i"],
  [".payload.list[0].n", "x"],
  [".payload.list[-1][0]", 1],
  [".payload.list[1][1][-1]", 3],
  [".payload.list[2]", undefined],
  [".payload.list[-3]", undefined],
  [".payload.missing", undefined],
  [".payload.missing.deeper", undefined],
  [".payload.a[0]", undefined],
  [".payload.list.n", undefined],
  [".payload[0]", undefined],
  [".payload.list[x]", undefined],
  [".payload.list[1.5]", undefined],
  [".payload.list[0", undefined],
  [".payload.list0]", undefined],
  [".payload.constructor", undefined],
];
test.each(values)("%s points at its value", (text, value) => {
  const path = parsePath(text);
  expect(path).toBeDefined();
  if (path !== undefined) expect(evaluatePath(path, command)).toEqual(value);
});

test.each(["", "foo", ".foo", ".topic.foo", ".topic.", ".payloads", "..", ".topic.operation.x", " .payload"])(
  "%j is not an expression",
  (text) => {
    expect(parsePath(text)).toBeUndefined();
  },
);

test("only a text that is one expression as a whole is a path", () => {
  expect(parseWholePath("${.payload.a}")).toEqual({ kind: "payload", steps: ["a"] });
  for (const text of ["${.payload.a}x", ".payload.a", "${.payload.a", "${x}", "${.payload.a}${.payload.b}"]) {
    expect(parseWholePath(text)).toBeUndefined();
  }
});

test("any text below .payload can be asked for without harm", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const path = parsePath(`.payload.${text}`);
      if (path !== undefined) evaluatePath(path, command);
      expect(path).toBeDefined();
    }),
  );
});
