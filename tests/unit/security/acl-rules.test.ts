import { describe, expect, test } from "bun:test";
import { matchesFilter } from "../../../src/bus/topic-filter.ts";
import { type AclRule, mergeRules } from "../../../src/security/acl-rule.ts";
import {
  anyChildRules,
  childRules,
  mainAgentRules,
  mapperRules,
  operatorRules,
  sensorRules,
} from "../../../src/security/acl-rules.ts";

/** `rw`, `r`, `w` or `-` on each topic. */
function rights(rules: readonly AclRule[], topics: readonly string[]): Record<string, string> {
  const may = (access: "read" | "write", topic: string) =>
    rules.some((rule) => (rule.access === access || rule.access === "readwrite") && matchesFilter(rule.filter, topic));
  return Object.fromEntries(
    topics.map((topic) => [topic, `${may("read", topic) ? "r" : ""}${may("write", topic) ? "w" : ""}` || "-"]),
  );
}

const expectRights = (rules: readonly AclRule[], wanted: Record<string, string>) =>
  expect(rights(rules, Object.keys(wanted))).toEqual(wanted);

test("the main agent has all of the bus and nothing else", () => {
  expectRights(mainAgentRules("te"), {
    "te/device/main//": "rw",
    "te/device/pump///cmd/restart/1": "rw",
    "te/errors": "rw",
    "c8y/s/us": "-",
    "other/device/main//": "-",
  });
});

describe("a child device", () => {
  test("writes what is below its topics, and reads its commands, its twin data, and what its agent is told", () => {
    expectRights(childRules("te", "device/valve//"), {
      "te/device/valve//": "w",
      "te/device/valve///m/": "w",
      "te/device/valve///a/leak": "w",
      "te/device/valve///twin/name": "rw",
      "te/device/valve///cmd/restart": "rw",
      "te/device/valve///cmd/restart/1": "rw",
      "te/device/valve///cmd/health/check": "rw",
      "te/device/valve/service/tedge-agent": "w",
      "te/device/valve/service/tedge-agent/status/health": "rw",
      "te/device/valve/service/tedge-agent/cmd/health/check": "rw",
      "te/device/valve/service/tedge-agent/signal/sync": "rw",
      "te/device/valve/service/tedge-agent/config": "rw",
      "te/device/valve/service/plc/status/health": "w",
      "te/device/valve/service/plc/cmd/restart/1": "rw",
    });
  });

  test("has no right to what is of others", () => {
    const others = [
      ...["te/device/main//", "te/device/main///cmd/restart/1", "te/device/pump//", "te/device/pump///twin/name"],
      ...["te/device/valves//", "te/device//", "te/device", "te/errors", "te", "c8y/s/us", "te/valve///m/"],
      "device/valve///m/",
    ];
    expectRights(childRules("te", "device/valve//"), Object.fromEntries(others.map((topic) => [topic, "-"])));
  });

  test("of a custom scheme has its own four segments, and those of its services", () => {
    expectRights(childRules("root", "plant/hall/line/robot", ["plant/hall/line/gripper"]), {
      "root/plant/hall/line/robot": "w",
      "root/plant/hall/line/robot/e/x": "w",
      "root/plant/hall/line/robot/cmd/go/1": "rw",
      "root/plant/hall/line/robot/twin/x": "rw",
      "root/plant/hall/line/gripper": "w",
      "root/plant/hall/line/gripper/cmd/health/check": "rw",
      "root/plant/hall/line/arm": "-",
      "root/plant/hall/line": "-",
      "te/plant/hall/line/robot": "-",
    });
  });

  test("whose id ends with empty segments has none of the ids that begin like it", () => {
    expectRights(childRules("te", "plant/hall//"), {
      "te/plant/hall//": "w",
      "te/plant/hall///m/x": "w",
      "te/plant/hall/line/robot": "-",
    });
  });

  test("of any name has the same rights, with %u for its name", () => {
    const named = anyChildRules("te").map((rule) => ({ ...rule, filter: rule.filter.replaceAll("%u", "valve") }));
    expect(named).toEqual([...childRules("te", "device/valve//")]);
  });
});

test("a sensor publishes for its entity and reads nothing", () => {
  expectRights(sensorRules("te", "device/valve//"), {
    "te/device/valve//": "w",
    "te/device/valve///m/temperature": "w",
    "te/device/pump///m/temperature": "-",
  });
});

test("an operator reads all, and writes commands and signals alone", () => {
  expectRights(operatorRules("te"), {
    "te/device/valve///cmd/restart/1": "rw",
    "te/device/main/service/tedge-agent/signal/sync": "rw",
    "te/device/valve///cmd/restart": "r",
    "te/device/valve//": "r",
    "te/device/valve///m/": "r",
    "te/errors": "r",
    "c8y/s/us": "-",
  });
});

test("a mapper reads all, and writes commands, errors, its own services and the topics of its cloud", () => {
  const mapper = { services: ["tedge-mapper-c8y"], topics: [{ access: "readwrite", filter: "c8y/#" }] as const };
  expectRights(mapperRules("te", "device/main//", mapper), {
    "te/device/valve///m/": "r",
    "te/device/valve///cmd/restart/1": "rw",
    "te/device/valve//": "r",
    "te/errors": "rw",
    "te/device/main/service/tedge-mapper-c8y/status/health": "rw",
    "te/device/main/service/tedge-mapper-c8y": "rw",
    "te/device/main/service/tedge-mapper-az": "r",
    "c8y/s/us": "rw",
    "az/twin": "-",
  });
});

test("there is one rule for each filter", () => {
  expect(
    mergeRules([
      { access: "read", filter: "a" },
      { access: "write", filter: "b" },
      { access: "write", filter: "a" },
      { access: "write", filter: "b" },
    ]),
  ).toEqual([
    { access: "readwrite", filter: "a" },
    { access: "write", filter: "b" },
  ]);
});
