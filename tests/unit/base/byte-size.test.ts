import { expect, test } from "bun:test";
import { parseByteSize, printByteSize } from "../../../src/base/byte-size.ts";

test.each([
  ["0", 0],
  ["1048576", 1_048_576],
  ["4k", 4_096],
  ["4K", 4_096],
  ["4KiB", 4_096],
  ["4kB", 4_000],
  ["512M", 536_870_912],
  ["1.5G", 1_610_612_736],
  ["2 GB", 2_000_000_000],
  ["1TiB", 1_099_511_627_776],
  ["7B", 7],
])("%s is %d bytes", (text, bytes) => {
  expect(parseByteSize(text)).toEqual({ ok: true, value: bytes });
});

test.each(["", "M", "-1", "1x", "1e3", "1,5G", "0x10", "99999999T"])("%p is no size", (text) => {
  expect(parseByteSize(text)).toMatchObject({ ok: false, fault: { code: "invalid-size" } });
});

test.each([
  [0, "0 bytes"],
  [1_023, "1023 bytes"],
  [1_024, "1.0 KiB"],
  [1_610_612_736, "1.5 GiB"],
  [5 * 1024 ** 5, "5120.0 TiB"],
])("%d bytes are told as %s", (bytes, text) => {
  expect(printByteSize(bytes)).toBe(text);
});
