import { describe, expect, test } from "bun:test";
import { LARGEST_PACKET, wireSize } from "../../../src/bus/wire-size.ts";

const size = (topic: string, payload: number, qos: 0 | 1) =>
  wireSize({ topic, payload: new Uint8Array(payload), qos, retain: false });

describe("the wire size", () => {
  test.each([
    ["t/1", 10, 1, 19],
    ["t/1", 10, 0, 17],
    ["x/y/z", 10, 1, 21],
    ["é", 0, 0, 6],
  ] as const)("of topic %s, %i bytes, QoS %i is %i", (topic, payload, qos, expected) => {
    expect(size(topic, payload, qos)).toBe(expected);
  });

  test.each([
    [127, 1],
    [128, 2],
    [16_383, 2],
    [16_384, 3],
    [2_097_151, 3],
    [2_097_152, 4],
  ])("of %i remaining bytes has a length field of %i", (remaining, field) => {
    expect(size("t", remaining - 3, 0)).toBe(1 + field + remaining);
  });

  test("that MQTT can carry ends with four length bytes", () => {
    expect(LARGEST_PACKET).toBe(128 ** 4 - 1);
  });
});
