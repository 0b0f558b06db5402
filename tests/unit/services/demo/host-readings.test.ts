import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { hostProbe } from "../../../../src/services/demo/host-readings.ts";

test("shares are percents, with one decimal at most", async () => {
  const { cpu, memory, load } = await hostProbe()();
  for (const share of [cpu, memory]) {
    expect(share).toBeGreaterThanOrEqual(0);
    expect(share).toBeLessThanOrEqual(100);
  }
  expect(memory).toBeGreaterThan(0);
  expect(load).toBeGreaterThanOrEqual(0);
  for (const value of [cpu, memory, load]) expect(String(value)).toMatch(/^\d+(\.\d)?$/);
});

test("no time between two readings is no use of the processors, and no error", async () => {
  const probe = hostProbe();
  for (let count = 0; count < 3; count += 1) expect((await probe()).cpu).toBeFinite();
});

test("a processor that was busy all the time since the last reading shows", async () => {
  const probe = hostProbe();
  await probe();
  const end = performance.now() + 300;
  while (performance.now() < end);
  expect((await probe()).cpu).toBeGreaterThan(0);
});

test("there is a temperature only where the host has a thermal zone", async () => {
  const zones = existsSync("/sys/class/thermal") ? readdirSync("/sys/class/thermal") : [];
  const { temperature } = await hostProbe()();
  if (temperature !== undefined) expect(zones.some((zone) => zone.startsWith("thermal_zone"))).toBe(true);
  expect(temperature ?? 20).toBeGreaterThan(-60);
});
