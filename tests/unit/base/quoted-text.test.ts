import { expect, test } from "bun:test";
import { quoteText } from "../../../src/base/quoted-text.ts";

test("quotes and backslashes are escaped, printable text of any script is left alone", () => {
  expect(quoteText('a"b\\c é 日本 😀')).toBe('"a\\"b\\\\c é 日本 😀"');
});

test("control characters and what has no glyph are escaped", () => {
  expect(quoteText("\n\r\t\0\u0007\u001b\u007f")).toBe('"\\n\\r\\t\\0\\u{7}\\u{1b}\\u{7f}"');
  expect(quoteText("\u200b\u2028\u00a0\ue000")).toBe('"\\u{200b}\\u{2028}\\u{a0}\\u{e000}"');
});
