import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hostList, isLoopback, plainHost } from "../../../src/platform/host-pattern.ts";

function matches(list: string, host: string, port = 443): boolean {
  return hostList(list)(plainHost(host), port);
}

describe("an entry matches", () => {
  test.each([
    ["example.com", "example.com"],
    ["example.com", "a.b.example.com"],
    [".example.com", "example.com"],
    [".example.com", "a.example.com"],
    ["*.example.com", "a.example.com"],
    ["EXAMPLE.com.", "Example.COM"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["gateway", "gateway"],
    ["a_b", "a_b"],
    ["other, example.com", "example.com"],
    ["other example.com", "example.com"],
    ["*", "anything"],
    ["192.168.1.1", "192.168.1.1"],
    ["10.0.0.0/8", "10.255.0.1"],
    ["10.0.0.0/8", "[::ffff:10.0.0.1]"],
    ["0.0.0.0/0", "8.8.8.8"],
    ["fd00::/8", "[fd12::1]"],
    ["[fd00::]/8", "[fd12::1]"],
    ["::1", "[::1]"],
    ["[::1]", "[0:0:0:0:0:0:0:1]"],
    ["example.com:443", "example.com"],
    ["192.168.1.1:443", "192.168.1.1"],
    ["[::1]:443", "[::1]"],
  ])("%s: %s", (list, host) => {
    expect(matches(list, host)).toBe(true);
  });
});

describe("an entry does not match", () => {
  test.each([
    ["", "example.com"],
    [" , ,", "example.com"],
    ["example.com", "badexample.com"],
    ["example.com", "example.com.evil"],
    ["a.example.com", "example.com"],
    ["192.168.1.1", "192.168.1.11"],
    ["192.168.1", "192.168.1.1"],
    ["10.0.0.0/8", "11.0.0.1"],
    ["10.0.0.0/8", "10.example.com"],
    ["10.0.0.0/33", "10.0.0.1"],
    ["10.0.0.0/x", "10.0.0.1"],
    ["example.com/8", "example.com"],
    ["fd00::/8", "[fe80::1]"],
    ["0.0.0.0/0", "example.com"],
    ["example.com:80", "example.com"],
    ["[::1]:80", "[::1]"],
    [".", "example.com"],
    ["http://example.com", "example.com"],
  ])("%s: %s", (list, host) => {
    expect(matches(list, host)).toBe(false);
  });
});

test.each([
  "localhost",
  "localhost.",
  "x.localhost",
  "127.0.0.1",
  "127.1",
  "127.255.255.254",
  "::1",
  "[::1]",
  "0.0.0.0",
  "::",
])("%s is this machine", (host) => {
  expect(isLoopback(plainHost(host), 0)).toBe(true);
});

test.each(["localhost.example", "128.0.0.1", "::2", "10.0.0.1", "gateway"])("%s is not this machine", (host) => {
  expect(isLoopback(plainHost(host), 0)).toBe(false);
});

test("whatever stands in a list or a URL, it is an answer and no crash", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (list, host) => {
      expect(typeof matches(list, host)).toBe("boolean");
    }),
  );
});

test("every host is matched by itself", () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), (host) => {
      expect(matches(`first,${host},last`, host)).toBe(true);
    }),
  );
});
