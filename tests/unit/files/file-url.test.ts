import { expect, test } from "bun:test";
import fc from "fast-check";
import { commandFileName, fileUrl, serverUrl } from "../../../src/files/file-url.ts";
import { decodeRequestPath } from "../../../src/files/store/store-path.ts";

const SERVER = { https: false, host: "192.168.1.2", port: 8000 };

test("the colon that stands for a slash in a type stays literal", () => {
  const name = commandFileName("/etc/tedge/tedge.toml", "c8y-mapper-12");
  expect(fileUrl(SERVER, `child1/config_snapshot/${name}`)).toBe(
    "http://192.168.1.2:8000/te/v1/files/child1/config_snapshot/:etc:tedge:tedge.toml-c8y-mapper-12",
  );
});

test("what a path segment cannot hold is percent-encoded, and nothing else", () => {
  expect(fileUrl(SERVER, "a b#?%/x:@&=+$,;!'()*~-._é")).toBe(
    "http://192.168.1.2:8000/te/v1/files/a%20b%23%3F%25/x:@&=+$,;!'()*~-._%C3%A9",
  );
});

test("TLS and IPv6 show in the URL", () => {
  expect(serverUrl({ https: true, host: "::1", port: 8443 })).toBe("https://[::1]:8443");
});

test("the file server finds the stored file again that a URL was made for", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary", minLength: 1 }), { minLength: 1, maxLength: 4 }), (names) => {
      const path = names.map((name) => name.replaceAll("/", ":").replace(/^\.{1,2}$/, "dots")).join("/");
      const url = new URL(fileUrl(SERVER, path));
      expect(url.search + url.hash).toBe("");
      expect(decodeRequestPath(url.pathname.slice("/te/v1/files/".length))).toEqual({ ok: true, value: path });
    }),
  );
});
