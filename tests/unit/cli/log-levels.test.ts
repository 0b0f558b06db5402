import { describe, expect, test } from "bun:test";
import { areFixed, type LevelSources, parseRustLog, resolveLevels } from "../../../src/cli/log-levels.ts";

const agent: LevelSources = { table: {}, names: ["tedge-agent"], fallback: "info" };

describe("the level of a process", () => {
  test.each<[string, Partial<LevelSources>, string]>([
    ["nothing says anything", {}, "info"],
    ["the table names the unit", { table: { "tedge-agent": "debug", tedge: "error" } }, "debug"],
    ["the table names everything", { table: { tedge: "error" } }, "error"],
    ["RUST_LOG wins over the table", { table: { "tedge-agent": "debug" }, rustLog: "trace" }, "trace"],
    ["RUST_LOG cannot be read", { table: { "tedge-agent": "debug" }, rustLog: "loud" }, "debug"],
    ["the command line wins over all", { rustLog: "trace", table: { tedge: "warn" }, chosen: "error" }, "error"],
  ])("%s", (_case, sources, level) => {
    expect(resolveLevels({ ...agent, ...sources }).level).toBe(level as never);
  });

  test("a mapper takes the entry of its own, without its profile, of all mappers, of everything, in this order", () => {
    const entries = {
      "tedge-mapper-az@site2": "trace",
      "tedge-mapper-az": "debug",
      "tedge-mapper": "warn",
      tedge: "error",
    } as const;
    const names = ["tedge-mapper-az@site2"];
    const levels = Object.keys(entries).map((_, skip) => {
      const table = Object.fromEntries(Object.entries(entries).slice(skip));
      return resolveLevels({ table, names, fallback: "info" }).level;
    });
    expect(levels).toEqual(["trace", "debug", "warn", "error"]);
  });

  test("of several units each has its own level, and what belongs to none has that of everything", () => {
    const table = { "tedge-agent": "debug", tedge: "warn" } as const;
    expect(resolveLevels({ table, names: ["tedge-agent", "tedge-mapper-x"], fallback: "info" })).toEqual({
      level: "warn",
      levels: { "tedge-agent": "debug", "tedge-mapper-x": "warn" },
    });
  });
});

describe("RUST_LOG", () => {
  test.each([
    ["debug", { level: "debug", levels: {} }],
    ["DEBUG", { level: "debug", levels: {} }],
    ["off", { level: "error", levels: {} }],
    ["info,tedge_agent=trace", { level: "info", levels: { tedge_agent: "trace", "tedge-agent": "trace" } }],
    ["tedge_agent::twin=debug", { level: "error", levels: { tedge_agent: "debug", "tedge-agent": "debug" } }],
    [" warn , x = info ", { level: "warn", levels: { x: "info" } }],
  ] as const)("%p is read as %j", (text, levels) => {
    expect(parseRustLog(text)).toEqual(levels as never);
  });

  test.each(["", "loud", "x=loud", ","])("%p says nothing", (text) => {
    expect(parseRustLog(text)).toBeUndefined();
  });
});

test("levels of the command line and of RUST_LOG stay as they are while the process runs", () => {
  expect(areFixed({ chosen: "info" })).toBe(true);
  expect(areFixed({ rustLog: "debug" })).toBe(true);
  expect(areFixed({ rustLog: "" })).toBe(false);
  expect(areFixed({})).toBe(false);
});
