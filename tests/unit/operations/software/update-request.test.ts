import { describe, expect, test } from "bun:test";
import type { Json } from "../../../../src/base/json.ts";
import { readUpdateRequest } from "../../../../src/operations/software/update-request.ts";

const read = (updateList: Json) => readUpdateRequest({ status: "init", updateList });

test("groups and modules come in the order of the request; what is empty is absent, what is unknown does not matter", () => {
  const request = read([
    {
      type: "apt",
      more: 1,
      modules: [
        { name: "a", version: "1", url: "http://h/a", action: "install", more: true },
        { name: "b", version: "", url: "", action: "remove" },
        { name: "c", version: null, action: "install" },
      ],
    },
    { type: "", modules: [] },
  ]);
  expect(request.ok && request.value).toEqual([
    {
      type: "apt",
      modules: [
        { name: "a", version: "1", url: "http://h/a", action: "install" },
        { name: "b", action: "remove" },
        { name: "c", action: "install" },
      ],
    },
    { type: "", modules: [] },
  ]);
});

test("a module without an action is left out", () => {
  const request = read([{ type: "apt", modules: [{ name: "a" }, { name: "b", action: "install" }] }]);
  expect(request.ok && request.value[0]?.modules).toEqual([{ name: "b", action: "install" }]);
});

describe("a request that cannot be read says what is wrong and where:", () => {
  const module = (members: Json): Json => [{ type: "apt", modules: [members] }];
  const rows: [string, Json, string][] = [
    ["no list", null, "updateList: "],
    ["no array", { type: "apt" }, "updateList: "],
    ["no type", [{ modules: [] }], "updateList.0.type: "],
    ["no modules", [{ type: "apt" }], "updateList.0.modules: "],
    ["no name", module({ action: "install" }), "updateList.0.modules.0.name: "],
    ["an empty name", module({ name: "", action: "install" }), "updateList.0.modules.0.name: must not be empty"],
    [
      "an unknown action",
      module({ name: "a", action: "purge" }),
      "updateList.0.modules.0.action: must be install or remove",
    ],
    ["a tab", module({ name: "a\tb", action: "install" }), "updateList.0.modules.0.name: must be without tabs"],
    [
      "a line break",
      module({ name: "a", version: "1\n2", action: "install" }),
      "updateList.0.modules.0.version: must be",
    ],
    ["a number as version", module({ name: "a", version: 1, action: "install" }), "updateList.0.modules.0.version: "],
  ];
  test.each(rows)("%s", (_what, updateList, told) => {
    const request = read(updateList);
    expect(request.ok ? "" : request.fault.message).toStartWith(`Invalid software_update request: ${told}`);
  });
});
