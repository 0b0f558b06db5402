import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { convertTopic, createRouter } from "../../../src/bridge/route.ts";
import { type BridgeRule, localFilter, remoteFilter } from "../../../src/bridge/rule.ts";
import { isTopicName, matchesFilter } from "../../../src/bus/topic-filter.ts";

const rule = (
  localPrefix: string,
  remotePrefix: string,
  topic: string,
  direction: BridgeRule["direction"] = "outbound",
) => ({
  localPrefix,
  remotePrefix,
  topic,
  direction,
});

describe("converting a topic", () => {
  test.each([
    ["plant/", "sites/7/", "#", "plant/a/b", "sites/7/a/b"],
    ["plant/", "", "press/+", "plant/press/1", "press/1"],
    ["", "sites/", "#", "a", "sites/a"],
    ["aws/shadow/", "$aws/things/x/shadow/", "#", "aws/shadow/get", "$aws/things/x/shadow/get"],
    ["l/", "r/", "x/#", "l/x", "r/x"],
    [
      "aws/test-connection",
      "thinedge/devices/x/test-connection",
      "",
      "aws/test-connection",
      "thinedge/devices/x/test-connection",
    ],
    ["l/", "r/", "#", "l/é😀", "r/é😀"],
    ["l/", "r/", "#", "l//", "r//"],
    ["$SYS/", "r/", "#", "$SYS/broker", "r/broker"],
  ])("%p, %p, %p: %p becomes %p", (local, remote, topic, from, to) => {
    expect(convertTopic(rule(local, remote, topic), "local", from)).toBe(to);
    expect(convertTopic(rule(remote, local, topic), "remote", from)).toBe(to);
  });

  test.each([
    ["pre/", "r/", "#", "pre", "the topic has no room for the prefix"],
    ["pre/", "", "#", "pre/", "nothing is left"],
    ["l/", "r/", "x", "l/y", "the filter does not select it"],
    ["", "r/", "#", "$SYS/broker", "wildcards do not select topics beginning with $"],
    ["", "r/", "+/x", "$aws/x", "wildcards do not select topics beginning with $"],
  ])("%p, %p, %p: %p is not converted, because %s", (local, remote, topic, from) => {
    expect(convertTopic(rule(local, remote, topic), "local", from)).toBeUndefined();
  });

  test("gives nothing that is longer than a topic may be", () => {
    const long = rule("", "r/".repeat(32_000), "#");
    expect(convertTopic(long, "local", "a".repeat(1_535))).toHaveLength(65_535);
    expect(convertTopic(long, "local", "a".repeat(1_536))).toBeUndefined();
  });

  const level = fc.string({ unit: fc.constantFrom("a", "b", "é", "😀", "-"), maxLength: 3 });
  const prefix = fc.oneof(
    fc.constant(""),
    fc.array(level, { minLength: 1, maxLength: 3 }).map((all) => `${all.join("/")}/`),
  );
  const wildcards = fc
    .array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 4 })
    .map((all) => all.join("/"));
  const filter = fc.oneof(
    wildcards,
    wildcards.map((text) => `${text}/#`),
    fc.constant("#"),
  );
  const topic = fc
    .array(level, { minLength: 1, maxLength: 6 })
    .map((all) => all.join("/"))
    .filter(isTopicName);

  test("there and back gives the same topic", () => {
    fc.assert(
      fc.property(prefix, prefix, filter, topic, (local, remote, rest, from) => {
        const both = rule(local, remote, rest, "bidirectional");
        const there = convertTopic(both, "local", from);
        if (there === undefined) return true;
        return convertTopic(both, "remote", there) === from;
      }),
      { numRuns: 2_000 },
    );
  });

  test("lands on a topic that the filter of the other side selects", () => {
    fc.assert(
      fc.property(prefix, prefix, filter, topic, (local, remote, rest, from) => {
        const both = rule(local, remote, rest);
        const there = convertTopic(both, "local", from);
        if (there === undefined) return true;
        return matchesFilter(localFilter(both), from) && matchesFilter(remoteFilter(both), there);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a router", () => {
  const router = createRouter([
    rule("te/", "one/", "a/#"),
    rule("te/", "two/", "#"),
    rule("in/", "cmd/", "#", "inbound"),
    rule("both/", "shadow/", "x/#", "bidirectional"),
    rule("te/", "again/", "#"),
  ]);

  test("subscribes on each side to what comes from it, each filter once", () => {
    expect(router.filters).toEqual({
      local: ["te/a/#", "te/#", "both/x/#"],
      remote: ["cmd/#", "shadow/x/#"],
    });
  });

  test("lets the first rule win, also when asked again", () => {
    for (let time = 0; time < 2; time += 1) {
      expect(router.route("local", "te/a/b")).toBe("one/a/b");
      expect(router.route("local", "te/b")).toBe("two/b");
      expect(router.route("remote", "cmd/b")).toBe("in/b");
      expect(router.route("remote", "te/b")).toBeUndefined();
      expect(router.route("local", "cmd/b")).toBeUndefined();
    }
  });

  test("goes on to the next rule where one has no room for its prefix", () => {
    const next = createRouter([rule("te/", "one/", "#"), rule("", "two/", "te")]);
    expect(next.route("local", "te")).toBe("two/te");
  });

  test("expects back only what it publishes below bidirectional rules", () => {
    expect(router.returns("local", "both/x/1")).toBe(true);
    expect(router.returns("remote", "shadow/x")).toBe(true);
    expect(router.returns("local", "in/1")).toBe(false);
    expect(router.returns("local", "shadow/x")).toBe(false);
  });

  test("answers the same for thousands of topics as for the first", () => {
    for (let topic = 0; topic < 3_000; topic += 1) expect(router.route("local", `te/${topic}`)).toBe(`two/${topic}`);
    expect(router.route("local", "te/0")).toBe("two/0");
  });
});
