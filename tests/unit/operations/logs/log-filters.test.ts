import { describe, expect, test } from "bun:test";
import { parseLogFilters } from "../../../../src/operations/logs/log-filters.ts";

const TYPES = ["tedge-agent", "tedge-mapper", "systemd-udevd", "ssh"];

function select(plugin: string, toml: string): readonly string[] | string {
  const filters = parseLogFilters(toml);
  return filters.ok ? filters.value.select(plugin, TYPES) : filters.fault.message;
}

const filters = (plugin: string, ...lines: string[]) =>
  lines.map((line) => `[[plugins.${plugin}.filters]]\n${line}\n`).join("");

describe("filters of log types", () => {
  test.each([
    ["no pattern", "", TYPES],
    ["a pattern of another plugin", filters("dmesg", 'include = "x"'), TYPES],
    [
      "only includes",
      filters("journald", 'include = "tedge-.*"', 'include = "^ssh$"'),
      ["tedge-agent", "tedge-mapper", "ssh"],
    ],
    ["a pattern that is found in the middle", filters("journald", 'include = "mapp"'), ["tedge-mapper"]],
    ["only excludes", filters("journald", 'exclude = "systemd-.*"'), ["tedge-agent", "tedge-mapper", "ssh"]],
    [
      "both, of which an include is enough",
      filters("journald", 'include = "tedge-agent"', 'exclude = "tedge-.*"'),
      ["tedge-agent", "systemd-udevd", "ssh"],
    ],
    [
      "both in one entry",
      filters("journald", 'include = "tedge-agent"\nexclude = "s"'),
      ["tedge-agent", "tedge-mapper"],
    ],
    ["an entry without patterns", filters("journald", ""), TYPES],
    ["other keys of the file", 'files = [{ type = "a", path = "/a" }]\nmore = 1\n', TYPES],
  ])("with %s keep what matches", (_what, toml, expected) => {
    expect(select("journald", toml)).toEqual(expected);
  });

  test("apply to the plugin file too", () => {
    expect(select("file", filters("file", 'exclude = "tedge"'))).toEqual(["systemd-udevd", "ssh"]);
  });

  test.each([
    ["an invalid regular expression", filters("journald", 'include = "["'), /Invalid regular expression \[/],
    ["broken TOML", "[[plugins", /^TOML parse error at line 1/],
    ["a pattern of another type", filters("journald", "include = 1"), /^plugins\.journald\.filters\.0\.include/],
  ])("are refused whole for %s", (_what, toml, message) => {
    expect(select("journald", toml)).toMatch(message);
  });
});
