import { expect, test } from "bun:test";
import fc from "fast-check";
import { chooseEvictions } from "../../../../src/files/cache/choose-evictions.ts";

const file = fc.record({
  key: fc.uuid(),
  size: fc.nat(1_000),
  used: fc.nat(1_000),
  isInUse: fc.boolean(),
});

const total = (files: readonly { readonly size: number }[]) => files.reduce((sum, { size }) => sum + size, 0);

test("What goes is unused, was used before all that stays, and no more than needed", () => {
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: ({ key }) => key }), fc.nat(5_000), (files, limit) => {
      const evicted = chooseEvictions(files, limit);
      const kept = files.filter((one) => !evicted.includes(one));
      expect(evicted.some(({ isInUse }) => isInUse)).toBe(false);
      const last = evicted.at(-1);
      for (const one of kept.filter(({ isInUse }) => !isInUse))
        expect(one.used).toBeGreaterThanOrEqual(last?.used ?? 0);
      if (kept.some(({ isInUse }) => !isInUse)) expect(total(kept)).toBeLessThanOrEqual(limit);
      if (last !== undefined) expect(total(kept) + last.size).toBeGreaterThan(limit);
    }),
  );
});
