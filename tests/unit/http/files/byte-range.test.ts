import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseByteRange } from "../../../../src/http/files/byte-range.ts";

test.each([
  ["bytes=0-0", 0, 1],
  ["bytes=2-4", 2, 5],
  ["bytes=5-", 5, 10],
  ["bytes=8-99", 8, 10],
  ["bytes=-3", 7, 10],
  ["bytes=-99", 0, 10],
  ["Bytes = 1 - 2", 1, 3],
])("%s of ten bytes is %d up to %d", (header, start, end) => {
  expect(parseByteRange(header, 10)).toEqual({ kind: "part", start, end });
});

test.each([null, "", "bytes=-", "bytes=a-b", "bytes=4-2", "items=0-1", "bytes=0-1,3-4", "bytes=0--1", "0-1"])(
  "%p asks for the whole file",
  (header) => {
    expect(parseByteRange(header, 10)).toEqual({ kind: "whole" });
  },
);

test("a part behind the end cannot be satisfied, nor any part of an empty file", () => {
  for (const header of ["bytes=10-", "bytes=10-20", "bytes=-0"]) {
    expect(parseByteRange(header, 10)).toEqual({ kind: "unsatisfiable" });
  }
  for (const header of ["bytes=0-", "bytes=0-0", "bytes=-1"]) {
    expect(parseByteRange(header, 0)).toEqual({ kind: "unsatisfiable" });
  }
});

test("a part always lies in the file and is never empty", () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.option(fc.nat(30)), fc.option(fc.nat(30))).map(([first, last]) => `bytes=${first ?? ""}-${last ?? ""}`),
  );
  fc.assert(
    fc.property(header, fc.nat(20), (text, size) => {
      const range = parseByteRange(text, size);
      if (range.kind !== "part") return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThan(range.start);
      expect(range.end).toBeLessThanOrEqual(size);
    }),
  );
});
