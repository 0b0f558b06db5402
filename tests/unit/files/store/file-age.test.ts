import { describe, expect, test } from "bun:test";
import { fileAges } from "../../../../src/files/store/file-age.ts";
import { DAY, handClock, NEW_YEAR } from "./store-world.ts";

describe("a file", () => {
  test("expires once it was not written to for longer than it may", () => {
    const clock = handClock();
    const ages = fileAges(7 * DAY, clock);
    const written = NEW_YEAR;
    clock.pass(7 * DAY);
    ages.look();
    expect(ages.judge(written)).toBe("keep");
    clock.pass(1);
    ages.look();
    expect(ages.judge(written)).toBe("expired");
    expect(ages.judge(written + 1)).toBe("keep");
    expect(ages.judge(written + 100 * DAY)).toBe("keep");
  });

  test("never expires while the clock is not set", () => {
    const clock = handClock(0);
    const ages = fileAges(DAY, clock);
    clock.pass(100 * DAY);
    ages.look();
    expect(ages.judge(0)).toBe("keep");
  });

  test("that was written before the clock was set counts from then on", () => {
    const clock = handClock(0);
    const ages = fileAges(DAY, clock);
    clock.pass(60_000);
    clock.set(NEW_YEAR);
    ages.look();
    expect(ages.judge(30_000)).toBe("stamp");
    expect(ages.judge(NEW_YEAR - 2 * DAY)).toBe("expired");
  });

  test("that was written while the clock was behind counts from then on, and no other does", () => {
    const clock = handClock(NEW_YEAR);
    const ages = fileAges(DAY, clock);
    clock.pass(3_600_000);
    const written = clock.now() - 1_000;
    clock.set(NEW_YEAR + 60 * DAY);
    ages.look();
    expect(ages.judge(written)).toBe("stamp");
    expect(ages.judge(NEW_YEAR - 1)).toBe("expired");
    expect(ages.judge(NEW_YEAR + 2 * 3_600_000)).toBe("expired");
  });

  test("is not younger because the clock was set back, nor older because it drifts", () => {
    const clock = handClock();
    const ages = fileAges(DAY, clock);
    clock.set(NEW_YEAR - DAY);
    ages.look();
    expect(ages.judge(NEW_YEAR)).toBe("keep");
    clock.pass(3 * DAY);
    clock.set(clock.now() + 30_000);
    ages.look();
    expect(ages.judge(NEW_YEAR)).toBe("expired");
  });
});
