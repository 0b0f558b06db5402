import { describe, expect, test } from "bun:test";
import { mapperText, parseMapperName } from "../../../src/mappers/mapper-name.ts";

const read = (text: string) => {
  const parsed = parseMapperName(text);
  return parsed.ok ? parsed.value : parsed.fault.message;
};

test.each([
  ["c8y", { kind: "builtin", name: "c8y" }],
  ["az@Site2", { kind: "builtin", name: "az", profile: "site2" }],
  ["collectd", { kind: "builtin", name: "collectd" }],
  ["local", { kind: "custom", name: "local" }],
  ["my-cloud-2", { kind: "custom", name: "my-cloud-2" }],
] as const)("%s is read as %j", (text, expected) => {
  expect(read(text)).toEqual(expected as never);
});

test.each([
  ["", "Mapper name cannot be empty"],
  ["2nd", "Invalid mapper name '2nd': must start with a lowercase ASCII letter"],
  ["Local", "Invalid mapper name 'Local': must start with a lowercase ASCII letter"],
  ["my_cloud", "Invalid mapper name 'my_cloud': names must match [a-z][a-z0-9-]* (underscores are not allowed)"],
  ["collectd@x", "collectd mapper does not support profiles"],
  ["local@x", "user-defined mapper 'local' does not support profiles"],
  ["c8y@", "Profile names cannot be empty"],
  ["c8y@a b", "Profile names can only contain letters, numbers, `-` or `_`"],
] as const)("%p is refused: %s", (text, message) => {
  expect(read(text)).toBe(message);
});

test("names of bridges are reserved", () => {
  expect(read("bridge-x")).toContain("names starting with 'bridge-' are reserved");
});

describe("the text of a mapper", () => {
  test.each(["c8y", "az@site2", "local"])("%s is read back as it was", (text) => {
    const parsed = parseMapperName(text);
    expect(parsed.ok && mapperText(parsed.value)).toBe(text);
  });
});
