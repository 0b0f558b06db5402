import { describe, expect, test } from "bun:test";
import { isSameHost, parseHost, parseOrigin } from "../../../../src/http/guard/host-header.ts";

describe("a Host header", () => {
  test.each([
    ["localhost", "localhost", undefined],
    ["LocalHost:8000", "localhost", 8_000],
    ["gateway.example.com.", "gateway.example.com", undefined],
    ["127.0.0.1:1", "127.0.0.1", 1],
    ["[::1]:8000", "::1", 8_000],
    ["[::FFFF:127.0.0.1]", "::ffff:127.0.0.1", undefined],
    ["under_score", "under_score", undefined],
  ])("%s names a host, and perhaps a port", (header, name, port) => {
    expect(parseHost(header)).toEqual({ name, port });
  });

  test.each(["", ".", "a, b", "a b", "a/b", "user@a", "a:", "a:b", "a:123456", "::1", "[::1", "[x]", "a\u0000"])(
    "%p is none",
    (header) => {
      expect(parseHost(header)).toBeUndefined();
    },
  );
});

test.each(["null", "", "example.com", "http://", "http://a/path", "http://a b", "file://"])(
  "%p is no origin",
  (header) => {
    expect(parseOrigin(header)).toBeUndefined();
  },
);

test.each([
  ["http://gateway", "gateway", true],
  ["http://gateway", "gateway:80", true],
  ["http://gateway:8000", "gateway:8000", true],
  ["https://gateway", "gateway:443", true],
  ["HTTP://Gateway:8000", "gateway:8000", true],
  ["http://[::1]:8000", "[::1]:8000", true],
  ["http://gateway", "gateway:8000", false],
  ["http://gateway:3000", "gateway:8000", false],
  ["http://other", "gateway", false],
  ["https://gateway", "gateway:80", false],
])("%s is the same host as %s: %p", (origin, host, same) => {
  const [page, server] = [parseOrigin(origin), parseHost(host)];
  expect(page !== undefined && server !== undefined && isSameHost(page, server)).toBe(same);
});
