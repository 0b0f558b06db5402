import { expect, test } from "bun:test";
import fc from "fast-check";
import { connectionCensus } from "../../../../src/platform/front/connection-census.ts";

test("neither all together nor one client get more connections than they may, and each that ends makes room for one", () => {
  const census = connectionCensus({ most: 3, mostPerClient: 2 });
  expect(["10.0.0.1", "10.0.0.1", "10.0.0.1"].map(census.admit)).toEqual([true, true, false]);
  expect(["10.0.0.2", "10.0.0.3"].map(census.admit)).toEqual([true, false]);
  census.release("10.0.0.1");
  expect(["10.0.0.3", "10.0.0.1"].map(census.admit)).toEqual([true, false]);
  expect(census.total).toBe(3);
});

test.each(["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])(
  "%s is this machine, where many clients have one address",
  (address) => {
    const census = connectionCensus({ most: 3, mostPerClient: 1 });
    expect([address, address, address, address].map(census.admit)).toEqual([true, true, true, false]);
  },
);

test("who was not admitted cannot make room", () => {
  const census = connectionCensus({ most: 1, mostPerClient: 1 });
  census.admit("10.0.0.1");
  census.release("10.0.0.2");
  expect(census.total).toBe(1);
});

test("the count is that of the connections that are open, whoever comes and goes", () => {
  const step = fc.record({ comes: fc.boolean(), address: fc.constantFrom("10.0.0.1", "10.0.0.2", "::1") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const census = connectionCensus({ most: 5, mostPerClient: 3 });
      const open: string[] = [];
      for (const { comes, address } of steps) {
        if (!comes && open.includes(address)) {
          open.splice(open.indexOf(address), 1);
          census.release(address);
        }
        if (comes) {
          const own = open.filter((one) => one === address).length;
          const may = open.length < 5 && (own < 3 || address === "::1");
          expect(census.admit(address)).toBe(may);
          if (may) open.push(address);
        }
        expect(census.total).toBe(open.length);
      }
    }),
  );
});
