import { expect, test } from "bun:test";
import fc from "fast-check";
import { Fifo } from "../../../src/base/fifo.ts";

test("a queue behaves as an array does, whatever is done to it", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("push"), item: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("shift"), item: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("take"), item: fc.nat(20) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const queue = new Fifo<number>();
      let model: number[] = [];
      for (const { kind, item } of steps) {
        if (kind === "push") {
          queue.push(item);
          model.push(item);
        } else if (kind === "shift") {
          expect(queue.shift()).toBe(model.shift());
        } else {
          expect(queue.take((other) => other === item)).toEqual(model.filter((other) => other === item));
          model = model.filter((other) => other !== item);
        }
        expect(queue.length).toBe(model.length);
        expect(queue.peek()).toBe(model[0]);
      }
      expect([...queue]).toEqual(model);
    }),
  );
});

test("a queue stays in order over more items than it holds at once", () => {
  const queue = new Fifo<number>();
  for (let item = 0; item < 1_000; item += 1) {
    queue.push(item);
    queue.push(item + 0.5);
    expect(queue.shift()).toBe(item % 2 === 0 ? item / 2 : Math.floor(item / 2) + 0.5);
  }
  expect(queue.length).toBe(1_000);
});
