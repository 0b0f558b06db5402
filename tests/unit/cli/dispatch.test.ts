import { describe, expect, test } from "bun:test";
import { dispatch } from "../../../src/cli/dispatch.ts";

function what(calledBy: string, ...args: string[]) {
  const target = dispatch(calledBy, args);
  if (target.kind === "unknown") return "unknown";
  return [target.name, ...target.args].join(" ");
}

test.each([
  ["/usr/bin/tedge", ["config", "list"], "tedge config list"],
  ["tedge.exe", ["config"], "tedge config"],
  ["tedge-agent", ["--debug"], "tedge-agent --debug"],
  ["./tedge-mapper", ["local"], "tedge-mapper local"],
  ["tedge_mapper", ["local"], "tedge-mapper local"],
  ["apt", ["list"], "tedge-apt-plugin list"],
  ["flow", ["list"], "tedge-flows-plugin list"],
  ["tedge-write", ["/etc/x"], "tedge-write /etc/x"],
  ["other", ["tedge", "config"], "tedge config"],
  ["other", ["tedge-agent", "--version"], "tedge-agent --version"],
  ["other", ["config"], "unknown"],
  ["other", [], "unknown"],
  ["tebus", ["config"], "tebus config"],
  ["tebus", [], "tebus"],
  ["tebus", ["tedge", "config"], "tedge config"],
  ["tebus", ["tedge-agent"], "tedge-agent"],
  ["tebus-0.1.0-linux-arm64", ["run", "all"], "all"],
  ["bun-tebus", ["config"], "unknown"],
] as const)("called as %s with %j it is: %s", (calledBy, args, expected) => {
  expect(what(calledBy, ...args)).toBe(expected);
});

describe("run", () => {
  test.each([
    [["run", "tedge-agent", "--mqtt-topic-root", "x"], "tedge-agent --mqtt-topic-root x"],
    [["run", "apt", "list"], "tedge-apt-plugin list"],
    [["--debug", "run", "tedge-mapper", "local"], "tedge-mapper --debug local"],
    [["--config-dir", "run", "run", "all"], "all --config-dir run"],
    [["--config-dir=/x", "run", "--log-level", "info", "all", "a"], "all --config-dir=/x --log-level info a"],
    [["run", "nonsense"], "tedge run nonsense"],
    [["run"], "tedge run"],
    [["run", "--help"], "tedge run --help"],
    [["--config-dir"], "tedge --config-dir"],
    [["mqtt", "run", "tedge-agent"], "tedge mqtt run tedge-agent"],
  ] as const)("tedge %j is: %s", (args, expected) => {
    expect(what("tedge", ...args)).toBe(expected);
  });
});

describe("the exit code of a usage error", () => {
  test.each([
    ["apt", [], 1],
    ["tedge-apt-plugin", [], 1],
    ["tedge", ["run", "tedge-apt-plugin"], 2],
    ["tebus", ["apt"], 2],
    ["tedge-agent", [], 2],
    ["tedge", [], 2],
  ] as const)("called as %s with %j is %d", (calledBy, args, exit) => {
    expect(dispatch(calledBy, args)).toMatchObject({ usageExit: exit });
  });
});

test("a name that says nothing is told with what would help", () => {
  expect(dispatch("other", ["config"])).toEqual({
    kind: "unknown",
    message: "'other' is neither 'tedge' nor the name of a component: the first argument has to be one of them",
  });
});
