import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Continuation,
  continueWith,
  FROM_THE_START,
  type ResumePoint,
  resumeOffset,
} from "../../../../src/files/transfer/resume.ts";

const POINT: ResumePoint = { written: 40, resumable: true, etag: '"a"' };

function on(status: number, headers: Record<string, string>, point = POINT): Continuation {
  return continueWith(point, { status, headers: new Headers(headers) });
}

test("a part is asked for only from a server that can give one", () => {
  expect(resumeOffset(POINT)).toBe(40);
  expect(resumeOffset({ ...POINT, resumable: false })).toBe(0);
  expect(resumeOffset(FROM_THE_START)).toBe(0);
});

describe("a part of the same file", () => {
  test.each([
    ["bytes 40-99/100", 40, 100],
    ["bytes 30-99/100", 30, 100],
    ["bytes 0-9/100", 0, 100],
    ["bytes 40-99/*", 40, 100],
  ])("%s is written where it says", (range, at, total) => {
    expect(on(206, { etag: '"a"', "content-range": range })).toEqual({
      kind: "write",
      at,
      total,
      next: { written: at, resumable: true, etag: '"a"' },
    });
  });

  test("no tag before and none now counts as the same", () => {
    expect(on(206, { "content-range": "bytes 40-99/100" }, { ...POINT, etag: null })).toMatchObject({ kind: "write" });
  });

  test.each([
    undefined,
    "",
    "bytes",
    "bytes 40-",
    "bytes */100",
    "items 40-99/100",
    "bytes 99-40/100",
    "bytes 41-99/100",
  ])("with the range %p it is of no use", (range) => {
    const headers = { etag: '"a"', ...(range === undefined ? {} : { "content-range": range }) };
    const reason = expect.stringMatching(/^Error parsing Content-Range header, reason: ./);
    expect(on(206, headers)).toEqual({ kind: "fail", reason });
  });
});

test("a part of another version, or of one that a weak tag names, is dropped", () => {
  const range = { "content-range": "bytes 40-99/100" };
  expect(on(206, { ...range, etag: '"b"' })).toEqual({ kind: "restart" });
  expect(on(206, range)).toEqual({ kind: "restart" });
  expect(on(206, { ...range, etag: '"a"' }, { ...POINT, etag: null })).toEqual({ kind: "restart" });
  expect(on(206, { ...range, etag: 'W/"a"' }, { ...POINT, etag: 'W/"a"' })).toEqual({ kind: "restart" });
});

test("no such part means that the file changed", () => {
  expect(on(416, { "content-range": "bytes */10" })).toEqual({ kind: "restart" });
});

test("a whole file is written from the start, whatever was there", () => {
  expect(on(200, { "content-length": "70", etag: '"b"', "accept-ranges": "bytes" })).toEqual({
    kind: "write",
    at: 0,
    total: 70,
    next: { written: 0, resumable: true, etag: '"b"' },
  });
  expect(on(203, {})).toEqual({
    kind: "write",
    at: 0,
    total: undefined,
    next: { written: 0, resumable: false, etag: null },
  });
});

test("the length of a compressed body says nothing about the file", () => {
  expect(on(200, { "content-length": "7", "content-encoding": "gzip" })).toMatchObject({ total: undefined });
});

test("what is written never leaves a gap behind what is there", () => {
  const header = fc
    .tuple(fc.nat(99), fc.nat(99), fc.option(fc.nat(99)))
    .map(([a, b, size]) => `bytes ${a}-${b}/${size ?? "*"}`);
  fc.assert(
    fc.property(header, fc.nat(99), (range, written) => {
      const continuation = on(206, { etag: '"a"', "content-range": range }, { ...POINT, written });
      if (continuation.kind === "write") expect(continuation.at).toBeLessThanOrEqual(written);
    }),
  );
});
