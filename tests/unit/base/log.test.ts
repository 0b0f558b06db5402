import { describe, expect, test } from "bun:test";
import type { LogRecord } from "@logtape/logtape";
import { formatRecord } from "../../../src/base/log.ts";

function recordOf(text: string): LogRecord {
  return {
    category: ["tebus", "twin"],
    level: "warning",
    message: [],
    rawMessage: "",
    timestamp: Date.UTC(2026, 7, 1, 10, 0, 0, 123),
    properties: { target: "twin", unit: "tedge-agent", text },
  };
}

const line = (text: string) => formatRecord(recordOf(text), false);

describe("a log line", () => {
  test("has time, level, unit, target and text", () => {
    expect(formatRecord(recordOf("text"), true)).toBe(
      "2026-08-01T10:00:00.123000Z  WARN component{name=tedge-agent}: twin: text",
    );
  });

  test("spells out control characters that others sent, so that they cannot steer a terminal", () => {
    expect(line("a\0b\x1b[31mc\r\x7f\u009bé\t")).toEndWith("twin: a\\x00b\\x1b[31mc\\x0d\\x7f\\x9bé\t");
  });

  test("indents the further lines of a text, so that they cannot pass for lines of their own", () => {
    expect(line("first\nsecond\n  third")).toEndWith("twin: first\n  second\n    third");
  });

  test("cuts a text that is beyond reading, and says how much is missing", () => {
    expect(line("x".repeat(8_192))).toEndWith(`twin: ${"x".repeat(8_192)}`);
    expect(line("x".repeat(70_000))).toEndWith("x… (61808 more characters)");
    expect(line("x".repeat(70_000)).length).toBeLessThan(8_400);
  });
});
