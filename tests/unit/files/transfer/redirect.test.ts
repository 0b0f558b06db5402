import { describe, expect, test } from "bun:test";
import { type Hop, headersFor, redirectOf } from "../../../../src/files/transfer/redirect.ts";
import { textBody } from "../../../../src/files/transfer/request-body.ts";

const HOP: Hop = {
  url: "http://server:8000/a/b?q",
  method: "GET",
  headers: { Authorization: "Bearer t", cookie: "c", range: "bytes=1-" },
};
const WITH_BODY = { ...HOP, body: textBody("x", "text/plain") };

describe("an answer leads on", () => {
  test.each([
    [301, "GET", "GET"],
    [302, "HEAD", "HEAD"],
    [303, "HEAD", "HEAD"],
    [303, "PUT", "GET"],
    [303, "POST", "GET"],
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [301, "PUT", "PUT"],
    [302, "DELETE", "DELETE"],
    [307, "POST", "POST"],
    [308, "PATCH", "PATCH"],
  ])("after %d %s becomes %s, with its body unless that makes no sense any more", (status, method, becomes) => {
    const next = redirectOf({ ...WITH_BODY, method }, status, "/c");
    expect(next).toMatchObject({ ok: true, value: { url: "http://server:8000/c", method: becomes } });
    expect(next?.ok === true && "body" in next.value).toBe(method === becomes);
  });

  test.each([200, 204, 206, 300, 304, 404])("not with status %d", (status) => {
    expect(redirectOf(HOP, status, "/c")).toBeUndefined();
  });

  test("not without a location", () => {
    expect(redirectOf(HOP, 302, null)).toBeUndefined();
  });

  test.each([
    ["c", "http://server:8000/a/c"],
    ["?r", "http://server:8000/a/b?r"],
    ["//other/c", "http://other/c"],
    ["https://other:1/c", "https://other:1/c"],
  ])("to %s: %s", (location, url) => {
    expect(redirectOf(HOP, 302, location)).toMatchObject({ value: { url } });
  });

  test.each(["file:///etc/passwd", "s3://bucket/x", "http://[", "data:,x"])("never to %s", (location) => {
    expect(redirectOf(HOP, 302, location)).toMatchObject({ ok: false, fault: { code: "invalid-url" } });
  });
});

describe("what was meant for one server", () => {
  test.each([
    ["http://server:8000/", "http://server:8000/elsewhere"],
    ["http://server:8000/", "https://server:8000/"],
    ["http://server/", "https://server/"],
  ])("goes along from %s to %s", (from, to) => {
    expect(headersFor(from, to, HOP.headers)).toEqual(HOP.headers);
  });

  test.each([
    ["http://server:8000/", "http://other:8000/"],
    ["http://server:8000/", "http://server:8001/"],
    ["http://server:8000/", "http://sub.server:8000/"],
    ["https://server/", "http://server/"],
    ["https://server/", "http://server:443/"],
  ])("does not from %s to %s, other headers do", (from, to) => {
    expect(headersFor(from, to, HOP.headers)).toEqual({ range: "bytes=1-" });
  });
});
