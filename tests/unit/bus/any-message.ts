import fc from "fast-check";
import type { Message, QoS } from "../../../src/bus/message.ts";

/** Messages with topics of all alphabets, and payloads up to several hundred kilobytes. */
export const anyMessage: fc.Arbitrary<Message> = fc.record({
  topic: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }).filter((topic) => !/[+#\0]/.test(topic)),
  payload: fc.oneof(
    { weight: 20, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 300_000 }).map((length) => new Uint8Array(length).fill(7)) },
  ),
  qos: fc.constantFrom<QoS>(0, 1, 2),
  retain: fc.boolean(),
});
