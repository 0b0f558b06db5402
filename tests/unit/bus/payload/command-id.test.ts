import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  cloudCommandId,
  cloudIdOf,
  type Invocation,
  invocationOf,
  invocationsOf,
  isOwnCommand,
  mapperIdPrefix,
  subCommandId,
  timedCommandId,
} from "../../../../src/bus/payload/command-id.ts";

describe("the id of a sub-command", () => {
  test("names who started it, all the way up", () => {
    expect(subCommandId({ operation: "a", id: "42" })).toBe("sub:a:42");
    expect(invocationOf("sub:a:sub:b:42")).toEqual({ operation: "a", id: "sub:b:42" });
    expect(invocationsOf("sub:a:sub:b:42")).toEqual([
      { operation: "a", id: "sub:b:42" },
      { operation: "b", id: "42" },
    ]);
  });

  test.each(["42", "", "sub", "sub:", "sub:a", "sub:a:", "sub::42", "SUB:a:42", "x-sub:a:42"])("is not %j", (id) => {
    expect(invocationOf(id)).toBeUndefined();
    expect(invocationsOf(id)).toEqual([]);
  });

  test("leads back to whoever started it, however deep", () => {
    const operation = fc.string({ minLength: 1 }).filter((text) => !text.includes(":"));
    const rootId = fc.string({ minLength: 1 }).filter((text) => !text.startsWith("sub:"));
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 6 }), rootId, (operations, root) => {
        const started: Invocation[] = [];
        let id = root;
        for (const name of operations) {
          started.unshift({ operation: name, id });
          id = subCommandId({ operation: name, id });
        }
        expect(invocationsOf(id)).toEqual(started);
      }),
    );
  });
});

describe("the id of a command of a mapper", () => {
  const prefix = mapperIdPrefix("c8y");

  test("is made of the id in the cloud, and gives it back", () => {
    expect(cloudCommandId(prefix, "881")).toBe("c8y-mapper-881");
    expect(cloudIdOf(prefix, "c8y-mapper-881")).toBe("881");
    expect(cloudIdOf(prefix, "c8y-mapper881")).toBeUndefined();
    expect(cloudIdOf(prefix, "x-c8y-mapper-881")).toBeUndefined();
  });

  test("belongs to the mapper wherever the prefix stands", () => {
    expect(["c8y-mapper-1", "sub:a:c8y-mapper-1", "c8y-mapper"].every((id) => isOwnCommand(prefix, id))).toBe(true);
    expect(isOwnCommand(prefix, "az-mapper-1")).toBe(false);
  });

  test("is a time without colons when the cloud has no id", () => {
    const id = timedCommandId(prefix, Date.UTC(2024, 4, 2, 18, 59, 21, 361));
    expect(id).toBe("c8y-mapper-2024-05-02T18-59-21.361000000Z");
    expect(timedCommandId("x", 0, 42)).toBe("x-1970-01-01T00-00-00.000000042Z");
  });

  test("grows with time, and differs within a millisecond by its sequence", () => {
    const moment = fc.tuple(fc.integer({ min: 0, max: 253e12 }), fc.nat(999_999));
    fc.assert(
      fc.property(moment, moment, ([now, sequence], [later, other]) => {
        const order = Math.sign(now - later) || Math.sign(sequence - other);
        const [left, right] = [timedCommandId("x", now, sequence), timedCommandId("x", later, other)];
        expect(left < right ? -1 : left > right ? 1 : 0).toBe(order);
      }),
    );
  });
});
