import { describe, expect, test } from "bun:test";
import { type Channel, formatChannel, parseChannel } from "../../../src/bus/channel.ts";

const CHANNELS: readonly (readonly [suffix: string, Channel])[] = [
  ["", { kind: "registration" }],
  ["/twin/name", { kind: "twin", key: "name" }],
  ["/config", { kind: "config" }],
  ["/m/env", { kind: "measurement", type: "env" }],
  ["/m/", { kind: "measurement", type: "" }],
  ["/e/login", { kind: "event", type: "login" }],
  ["/a/clog", { kind: "alarm", type: "clog" }],
  ["/m/env/meta", { kind: "measurement-meta", type: "env" }],
  ["/e/login/meta", { kind: "event-meta", type: "login" }],
  ["/a/clog/meta", { kind: "alarm-meta", type: "clog" }],
  ["/cmd/restart", { kind: "capability", operation: "restart" }],
  ["/cmd/restart/local-7", { kind: "command", operation: "restart", id: "local-7" }],
  ["/cmd/health/check", { kind: "health-check" }],
  ["/status/health", { kind: "status", component: "health" }],
  ["/signal/sync", { kind: "signal", type: "sync" }],
];

describe("a channel", () => {
  test.each(CHANNELS)("%j is read and written back", (suffix, channel) => {
    expect(parseChannel(suffix.split("/").slice(1))).toEqual(channel);
    expect(formatChannel(channel)).toBe(suffix);
  });

  test.each(["/m", "/foo/bar", "/m/a/b", "/twin/a/b", "/cmd/a/b/c", "/status", "/foo"])("%j is none", (suffix) => {
    expect(parseChannel(suffix.split("/").slice(1))).toBeUndefined();
  });

  test("of nothing but a slash is the registration", () => {
    expect(parseChannel([""])).toEqual({ kind: "registration" });
  });
});
