import { describe, expect, test } from "bun:test";
import { entityTag } from "../../../src/http/entity-tag.ts";
import { judgePreconditions, readPreconditions } from "../../../src/http/preconditions.ts";

const HERE = '"here"';

function judge(headers: Record<string, string>, current: string | undefined) {
  const preconditions = readPreconditions(new Headers(headers));
  return preconditions === undefined ? "none" : judgePreconditions(preconditions, current);
}

describe("preconditions (RFC 9110 §13.1)", () => {
  test("a request without such headers has none", () => {
    expect(judge({ "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT" }, HERE)).toBe("none");
  });

  test.each([
    ["the tag", HERE, HERE, "go-on"],
    ["the tag in a list", '"x", "here","y"', HERE, "go-on"],
    ["anything", "*", HERE, "go-on"],
    ["another tag", '"x"', HERE, "failed"],
    ["a weak tag", 'W/"here"', HERE, "failed"],
    ["a tag without quotes", "here", HERE, "failed"],
    ["no tag", "", HERE, "failed"],
    ["a tag of nothing", HERE, undefined, "failed"],
    ["anything where nothing is", "*", undefined, "failed"],
  ] as const)("If-Match with %s", (_what, tags, current, verdict) => {
    expect(judge({ "if-match": tags }, current)).toBe(verdict);
  });

  test.each([
    ["the tag", HERE, HERE, "known"],
    ["a weak tag", 'W/"here"', HERE, "known"],
    ["anything", "*", HERE, "known"],
    ["another tag", '"x"', HERE, "go-on"],
    ["a tag without quotes", "here", HERE, "go-on"],
    ["anything where nothing is", "*", undefined, "go-on"],
    ["a tag of nothing", HERE, undefined, "go-on"],
  ] as const)("If-None-Match with %s", (_what, tags, current, verdict) => {
    expect(judge({ "if-none-match": tags }, current)).toBe(verdict);
  });

  test("If-Match is looked at first", () => {
    expect(judge({ "if-match": '"x"', "if-none-match": HERE }, HERE)).toBe("failed");
    expect(judge({ "if-match": HERE, "if-none-match": HERE }, HERE)).toBe("known");
  });
});

test("texts have the same tag exactly when they are equal", () => {
  expect(entityTag("a")).toBe(entityTag("a"));
  expect(entityTag("a")).not.toBe(entityTag("b"));
  expect(entityTag("")).toMatch(/^"[\w-]{22}"$/);
});
