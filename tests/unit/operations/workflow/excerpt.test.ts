// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { expect, test } from "bun:test";
import { drawExcerpt } from "../../../../src/operations/workflow/excerpt.ts";
import { aCommand } from "../a-command.ts";

const command = aCommand({ n: 1.5, big: JSON.rawJSON("2.0"), obj: { k: "v" }, list: [1, 2], s: "x", nil: null });

test("a value that is one expression keeps its type", () => {
  const table = {
    n: "${.payload.n}",
    nil: "${.payload.nil}",
    big: "${.payload.big}",
    obj: "${.payload.obj}",
    l: ["${.payload.list[1]}"],
  };
  expect(drawExcerpt({ kind: "table", table }, command)).toEqual({
    n: 1.5,
    nil: null,
    big: JSON.rawJSON("2.0"),
    obj: { k: "v" },
    l: [2],
  });
});

test("nothing below .payload is an empty text, an unknown path is null, all else is literal", () => {
  const table = {
    a: "${.payload.none}",
    b: "${.none}",
    c: "http://h/${.payload.s}",
    d: 1,
    e: { f: "${.topic.cmd_id}" },
  };
  expect(drawExcerpt({ kind: "table", table }, command)).toEqual({
    a: "",
    b: null,
    c: "http://h/${.payload.s}",
    d: 1,
    e: { f: "1" },
  });
});

test("a single expression gives the whole object, or nothing when it gives no object", () => {
  expect(drawExcerpt({ kind: "text", text: "${.payload.obj}" }, command)).toEqual({ k: "v" });
  for (const text of ["${.payload.list}", "${.payload.s}", "${.payload.none}", "${.x}", "literal"]) {
    expect(drawExcerpt({ kind: "text", text }, command)).toEqual({});
  }
});
