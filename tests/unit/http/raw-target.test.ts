import { expect, test } from "bun:test";
import { rawPath, rawQuery } from "../../../src/http/raw-target.ts";

test.each([
  ["http://x:8000/te/v1/entities/device/main///twin", "/te/v1/entities/device/main///twin", ""],
  ["http://x/a%2Fb%2e%2e/c?root=%2F&x=?y", "/a%2Fb%2e%2e/c", "root=%2F&x=?y"],
  ["http://[::1]:80//etc/passwd", "//etc/passwd", ""],
  ["http://x", "/", ""],
  ["http://x/?u=http://y/z#f", "/", "u=http://y/z"],
])("%s", (url, path, query) => {
  const request = new Request(url);
  expect([rawPath(request), rawQuery(request)]).toEqual([path, query]);
});
