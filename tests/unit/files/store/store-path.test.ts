import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { decodeRequestPath, locateInStore } from "../../../../src/files/store/store-path.ts";

const ROOT = "/data/file-transfer";

describe("decoding", () => {
  test.each([
    ["a/b", "a/b"],
    ["a%2Fb%2fc", "a/b/c"],
    ["a+b%20c", "a+b c"],
    ["%e6%97%a5", "日"],
    ["100%", "100%"],
    ["%zz%4", "%zz%4"],
    ["%2", "%2"],
    ["%252e", "%2e"],
    ["%00", "\0"],
    ["%EF%BB%BFx", "\ufeffx"],
  ])("%s is %j", (raw, decoded) => {
    expect(decodeRequestPath(raw)).toEqual({ ok: true, value: decoded });
  });

  test("bytes that are not UTF-8 are refused with the text of the answer", () => {
    for (const raw of ["%ff", "a/%c3", "%ed%a0%80"]) {
      expect(decodeRequestPath(raw)).toMatchObject({ fault: { message: "Invalid URL: Invalid UTF-8 in `path`" } });
    }
  });

  test("it undoes encodeURIComponent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(decodeRequestPath(encodeURIComponent(text))).toEqual({ ok: true, value: text });
      }),
    );
  });
});

describe("locating", () => {
  test.each([
    ["a", `${ROOT}/a`],
    ["a/b/", `${ROOT}/a/b`],
    ["a//b/./c", `${ROOT}/a/b/c`],
    ["a/../b", `${ROOT}/b`],
    ["a/..", ROOT],
    [".", ROOT],
    ["..a/...", `${ROOT}/..a/...`],
    [`${ROOT}/x`, `${ROOT}/x`],
    [`/x/..${ROOT}/y`, `${ROOT}/y`],
  ])("%j is inside", (decoded, path) => {
    expect(locateInStore(ROOT, decoded)).toBe(path);
  });

  test.each([
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "//etc/passwd",
    "/",
    "../file-transfer-x/y",
    "../file-transferx",
    `${ROOT}-x/y`,
    "/data",
  ])("%j is outside", (decoded) => {
    expect(locateInStore(ROOT, decoded)).toBeUndefined();
  });

  test("whatever a request names, what is found is the root or below it and has no dot segment", () => {
    const segment = fc.oneof(
      fc.constantFrom("..", ".", "", "...", "%2e%2e", "%2E.", "..%2f", "%2f", "%00", "file-transfer", "data", "a", "é"),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 12 }), (segments) => {
        const decoded = decodeRequestPath(segments.join("/"));
        if (!decoded.ok) return;
        const path = locateInStore(ROOT, decoded.value);
        if (path === undefined) return;
        const [, data, store, ...below] = path.split("/");
        expect([data, store]).toEqual(["data", "file-transfer"]);
        for (const name of below) expect(["", ".", ".."]).not.toContain(name);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a clean relative path is found where it says", () => {
    const name = fc.string({ minLength: 1, maxLength: 8 }).filter((text) => !/^\.{1,2}$|\//.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 5 }), (names) => {
        expect(locateInStore(ROOT, names.join("/"))).toBe(`${ROOT}/${names.join("/")}`);
      }),
    );
  });
});
