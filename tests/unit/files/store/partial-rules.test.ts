import { expect, test } from "bun:test";
import { type AppendClaim, judgeAppend, type UploadState } from "../../../../src/files/store/partial-rules.ts";

const OPEN: UploadState = { offset: 10, length: undefined, isComplete: false };
const CLAIM: AppendClaim = { offset: 10, isLast: false, length: undefined, contentLength: undefined };

test.each<[string, Partial<UploadState>, Partial<AppendClaim>, number | undefined | string]>([
  ["a part of unknown length", {}, {}, undefined],
  ["a part of known length", {}, { contentLength: 5 }, undefined],
  ["the last part tells the length of the whole", {}, { contentLength: 5, isLast: true }, 15],
  ["a last part of unknown length does not", {}, { isLast: true }, undefined],
  ["the client tells the length", {}, { length: 100 }, 100],
  ["the length was told before", { length: 100 }, { contentLength: 5 }, 100],
  ["it is told again", { length: 100 }, { length: 100 }, 100],
  ["the end is where it was told to be", { length: 15 }, { contentLength: 5, isLast: true }, 15],
  ["nothing more comes", { length: 10 }, { contentLength: 0, isLast: true }, 10],
  ["an offset before", {}, { offset: 9 }, "offset-mismatch"],
  ["an offset behind", {}, { offset: 11 }, "offset-mismatch"],
  ["another length than before", { length: 100 }, { length: 101 }, "length-mismatch"],
  ["another end than was told", { length: 100 }, { contentLength: 5, isLast: true }, "length-mismatch"],
  [
    "an end that is not the length of the same request",
    {},
    { contentLength: 5, isLast: true, length: 16 },
    "length-mismatch",
  ],
  ["a part beyond the end", { length: 12 }, { contentLength: 5 }, "length-mismatch"],
  ["a length that is exceeded already", {}, { length: 9 }, "length-mismatch"],
  ["more after the end", { isComplete: true }, {}, "completed"],
])("%s", (_what, state, claim, expected) => {
  const judged = judgeAppend({ ...OPEN, ...state }, { ...CLAIM, ...claim });
  if (typeof expected === "string") expect(judged).toMatchObject({ ok: false, fault: { code: expected } });
  else expect(judged).toEqual({ ok: true, value: { length: expected } });
});

test("a wrong offset is answered with the right one", () => {
  expect(judgeAppend(OPEN, { ...CLAIM, offset: 3 })).toMatchObject({
    fault: { message: "The upload goes on at offset 10, not at 3", detail: { expected: 10, provided: 3 } },
  });
});
