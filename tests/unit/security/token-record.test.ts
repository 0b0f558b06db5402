import { describe, expect, test } from "bun:test";
import { formatTokenRecord, isExpired, isStorePath, parseTokenRecord } from "../../../src/security/token-record.ts";

const HASH = "ab".repeat(32);
const FILE = { entity: "device/valve//", sha256: HASH, created: "2026-08-01T10:00:00.000Z" };

function read(content: unknown): string {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const parsed = parseTokenRecord("0badcafe", text, "/cfg/x.json");
  return parsed.ok ? "read" : parsed.fault.message;
}

describe("the file of a token", () => {
  test("is read as it was written", () => {
    const record = { id: "0badcafe", entity: "a/b/c/d", sha256: HASH, created: 1_000, reads: [] };
    for (const each of [record, { ...record, expires: 5_000, reads: ["firmware", "a/b"] }]) {
      expect(parseTokenRecord("0badcafe", formatTokenRecord(each), "x")).toEqual({ ok: true, value: each });
    }
  });

  test.each([
    ["", "JSON"],
    ["[]", "entity: "],
    [{ ...FILE, entity: "device/valve" }, "entity: not an entity topic id of four segments"],
    [{ ...FILE, entity: "device/+//" }, "entity: not an entity topic id of four segments"],
    [{ ...FILE, sha256: "12" }, "sha256: not a SHA-256"],
    [{ ...FILE, created: "yesterday" }, "created: "],
    [{ ...FILE, expires: 17 }, "expires: "],
    [{ ...FILE, reads: ["../x"] }, "reads.0: not a path in the file store"],
    [{ ...FILE, methods: ["GET"] }, "methods: "],
    [{ entity: "device/valve//" }, "sha256: "],
  ])("%j is told with what is wrong", (content, reason) => {
    expect(read(content)).toStartWith("The token file /cfg/x.json is broken, its token does not count: ");
    expect(read(content)).toContain(reason);
  });
});

test("a token has expired from its last millisecond on", () => {
  const token = { id: "0badcafe", entity: "a///", sha256: HASH, created: 0, reads: [] };
  expect(isExpired(token, Number.MAX_SAFE_INTEGER)).toBe(false);
  expect([999, 1_000, 1_001].map((now) => isExpired({ ...token, expires: 1_000 }, now))).toEqual([false, true, true]);
});

test("a path in the file store is relative and clean", () => {
  expect(["firmware", "a/b/c", "..a"].map(isStorePath)).toEqual([true, true, true]);
  for (const path of ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b"]) expect(isStorePath(path)).toBe(false);
});
