import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Json } from "../../../../src/base/json.ts";
import { iterate } from "../../../../src/operations/steps/iterate.ts";
import type { IterateAction } from "../../../../src/operations/workflow/definition.ts";
import { aCommand } from "../a-command.ts";

const action: IterateAction = {
  kind: "iterate",
  text: "list",
  target: { kind: "payload", steps: ["list"] },
  onNext: { status: "next" },
  onSuccess: { status: "done" },
  onError: { status: "wrong" },
};
const step = (list: Json, next?: Json) =>
  iterate(action, aCommand(next === undefined ? { list } : { list, "@next": next }));

test("the first element comes first", () => {
  expect(step(["x", "y"]).transition).toEqual({ status: "next", update: { "@next": { index: 0, item: "x" } } });
});

test("then the next one, and what the user keeps in @next stays", () => {
  expect(step(["x", "y"], { index: 0, item: "x", mine: 1 }).transition).toEqual({
    status: "next",
    update: { "@next": { index: 1, item: "y", mine: 1 } },
  });
});

test("elements to skip are skipped, the first one too; only a true counts", () => {
  const skip = { "@skip": true };
  const keep = { "@skip": "true" };
  expect(step([skip, skip, keep]).transition.update).toEqual({ "@next": { index: 2, item: keep } });
  expect(step([keep, skip], { index: 0 }).transition).toEqual({ status: "done", update: {} });
  expect(step([skip]).transition).toEqual({ status: "done", update: {} });
});

test("the end of the array and an empty array lead to on_success, @next as it was", () => {
  expect(step(["x"], { index: 0 }).transition).toEqual({ status: "done", update: {} });
  expect(step([]).transition).toEqual({ status: "done", update: {} });
});

test.each([
  ["no array", "text", undefined],
  ["an object", { a: 1 }, undefined],
  ["an index beyond the end", ["x"], { index: 1 }],
  ["a negative index", ["x"], { index: -1 }],
  ["an index that is no number", ["x"], { index: "0" }],
  ["no index", ["x"], {}],
  ["a @next that is no object", ["x"], 5],
] as const)("%s leads to on_error and is told", (_what, list, next) => {
  const { transition, problem } = step(list, next);
  expect(transition).toEqual({ status: "wrong", update: {} });
  expect(problem).toBeString();
});

test("a target outside of the payload leads to on_error", () => {
  const { transition } = iterate({ ...action, target: { kind: "topic" } }, aCommand());
  expect(transition.status).toBe("wrong");
});

test("every element that is not skipped is seen exactly once", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ n: fc.nat(), "@skip": fc.boolean() })), (list) => {
      const seen: Json[] = [];
      let payload = aCommand({ list }).payload;
      for (let steps = 0; steps <= list.length; steps += 1) {
        const { status, update } = iterate(action, { ...aCommand(), payload }).transition;
        payload = { ...payload, ...update, status };
        if (status === "done") break;
        seen.push((payload["@next"] as { item: Json }).item);
      }
      expect(payload.status).toBe("done");
      expect(seen).toEqual(list.filter((item) => !item["@skip"]));
    }),
  );
});
