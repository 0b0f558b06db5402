// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import { expandLoop } from "../../../src/bridge/loop.ts";
import { referencesTo } from "./references.ts";

const references = referencesTo({
  tedge: { "c8y.smartrest.templates": ["t1", "t2"], "device.id": "gw7" },
  mapper: { topics: ["a", "b"], mixed: ["a", 7], name: "x" },
});

describe("a loop", () => {
  test.each([
    [
      ["press", "oven"],
      ["press", "oven"],
    ],
    [[], []],
    ["${tedge.c8y.smartrest.templates}", ["t1", "t2"]],
    ["${mapper.topics}", ["a", "b"]],
  ])("over %p runs over %p", (over, value) => {
    expect(expandLoop(over, references)).toEqual({ ok: true, value });
  });

  test.each([
    ["${mapper.name}", "Mapper config key 'name' is not an array"],
    ["${mapper.mixed}", "Mapper config key 'mixed' contains a non-string element: 7"],
    ["${mapper.nope}", "Unknown mapper config key 'nope'"],
    ["${tedge.device.id}", "Config key 'device.id' is not an array"],
    ["${c8y.topics}", "found 'c8y.topics' expected 'tedge' or 'mapper'"],
    ["${item}", "found 'item' expected 'tedge' or 'mapper'"],
    ["${mapper.topics", "found end of input expected closing '}'"],
    ["${mapper.topics}/x", "found '/x' expected end of input"],
    ["a,b", "found 'a,b' expected an array"],
  ])("over %p is refused: %s", (over, message) => {
    expect(expandLoop(over, references)).toMatchObject({
      ok: false,
      fault: { message: expect.stringContaining(message) },
    });
  });
});
