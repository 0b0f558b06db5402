import { expect, test } from "bun:test";
import { parseMeasurement } from "../../../../src/bus/payload/measurement.ts";
import { conversionFailed, inputRejected, notText, payloadTooLarge } from "../../../../src/bus/payload/rejection.ts";

const FLOW = "/etc/tedge/mappers/c8y/flows/measurements.toml";

test("a message that a flow could not take is told with the path of the flow, and with its topic where wanted", () => {
  const parsed = parseMeasurement("{}");
  if (parsed.ok) throw new Error("accepted");
  const text = `Error in ${FLOW}: Input message cannot be processed: Not a thin-edge measurement: Invalid JSON: Empty Thin Edge measurement: it must contain at least one measurement at line 1 column 2: \`}\n\``;
  expect(inputRejected(FLOW, parsed.fault)).toBe(text);
  expect(inputRejected(FLOW, parsed.fault, "te/device/main///m/")).toBe(`${text} (topic: te/device/main///m/)`);
});

test("a message over the size limit, and one that is no text, have their own reasons", () => {
  expect(inputRejected(FLOW, payloadTooLarge(16_184))).toBe(
    `Error in ${FLOW}: Input message cannot be processed: Payload is too large >16184`,
  );
  expect(inputRejected(FLOW, notText())).toEndWith(": Not an UTF8 payload");
});

test("other conversions are told with the topic", () => {
  expect(conversionFailed("te/device/main///twin/x", { code: "x", message: "expected value at line 1 column 1" })).toBe(
    "Failed to convert a message on topic 'te/device/main///twin/x': expected value at line 1 column 1",
  );
});
