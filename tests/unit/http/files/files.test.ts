import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../../../src/base/log.ts";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import { deprecatedFileRoutes, fileRoutes } from "../../../../src/http/files/files.ts";
import { type HttpApp, routedApp } from "../../../../src/http/routed-app.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";

const FILES = "/te/v1/files";
const LEGACY = "/tedge/file-transfer";

let data: TemporaryDirectory;
let root: string;
let log: Log & { readonly lines: string[] };
let app: HttpApp;

beforeEach(async () => {
  data = temporaryDirectory();
  root = join(data.path, "file-transfer");
  log = recordedLog();
  const files = createFileStore({ root, log });
  await files.open();
  app = routedApp(log, fileRoutes(FILES, { files, log }), deprecatedFileRoutes(LEGACY, { files, log }));
});

afterEach(() => data[Symbol.dispose]());

function call(method: string, target: string, init: RequestInit = {}): Promise<Response> {
  return app(new Request(`http://127.0.0.1:8000${target}`, { method, ...init }));
}

async function answer(method: string, target: string, init: RequestInit = {}): Promise<[number, string]> {
  const response = await call(method, target, init);
  return [response.status, await response.text()];
}

describe("PUT", () => {
  test("a new file and one that is overwritten answer 201 without body or type", async () => {
    for (const body of ["one", "two"]) {
      const response = await call("PUT", `${FILES}/a/b`, { body });
      expect([response.status, await response.text(), response.headers.get("content-type")]).toEqual([201, "", null]);
      expect(readFileSync(join(root, "a/b"), "utf8")).toBe(body);
    }
  });

  test("the body is stored byte for byte whatever its type says, and no body is an empty file", async () => {
    const body = '--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n{not json\r\n--x--\r\n';
    await call("PUT", `${FILES}/f`, { body, headers: { "content-type": "multipart/form-data; boundary=x" } });
    expect(readFileSync(join(root, "f"), "utf8")).toBe(body);
    await call("PUT", `${FILES}/f`);
    expect(readFileSync(join(root, "f"), "utf8")).toBe("");
  });

  test("a directory answers 409 with its decoded path", async () => {
    mkdirSync(join(root, "d x"));
    expect(await answer("PUT", `${FILES}/d%20x/`, { body: "x" })).toEqual([
      409,
      'Cannot upload: "d x/" is a directory, not a file',
    ]);
    expect(await answer("PUT", `${FILES}/a%2f..`, { body: "x" })).toEqual([
      409,
      'Cannot upload: "a/.." is a directory, not a file',
    ]);
  });

  test("a failure of the disk answers 500 without detail, and is logged with the path", async () => {
    symlinkSync("loop", join(root, "loop"));
    expect(await answer("PUT", `${FILES}/loop`, { body: "x" })).toEqual([500, "Internal error"]);
    expect(log.lines).toEqual([
      expect.stringMatching(/^error: Request to upload to "loop" failed: .*(symbolic links|circle|ELOOP)/),
    ]);
  });

  test("a body that breaks off leaves nothing", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new Error("vanished"));
      },
    });
    const init: RequestInit & { duplex: "half" } = { body, duplex: "half" };
    expect(await answer("PUT", `${FILES}/a/f`, init)).toEqual([500, "Internal error"]);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("conditions", () => {
  const tagOf = async (path: string) => (await call("HEAD", `${FILES}/${path}`)).headers.get("etag") ?? "";

  test("an upload answers with the tag that the file has then", async () => {
    const response = await call("PUT", `${FILES}/f`, { body: "x" });
    expect(response.headers.get("etag")).toBe(await tagOf("f"));
  });

  test("an upload that may only be new, or only replace one version, answers 412 with why", async () => {
    const put = (body: string, headers: Record<string, string>) => answer("PUT", `${FILES}/f`, { body, headers });
    expect(await put("x", { "if-match": "*" })).toEqual([412, 'Precondition failed: "f" does not exist']);
    expect(await put("one", { "if-none-match": "*" })).toEqual([201, ""]);
    const first = await tagOf("f");
    expect(await put("x", { "if-none-match": "*" })).toEqual([
      412,
      `Precondition failed: "f" exists already, its entity tag is ${first}`,
    ]);
    expect(await put("two", { "if-match": `"other", ${first}` })).toEqual([201, ""]);
    const second = await tagOf("f");
    expect(await put("three", { "if-match": first })).toEqual([
      412,
      `Precondition failed: "f" has been changed, its entity tag is ${second}`,
    ]);
    expect(await answer("GET", `${FILES}/f`)).toEqual([200, "two"]);
  });

  test("a removal of one version answers 412 when there is another", async () => {
    await call("PUT", `${FILES}/f`, { body: "one" });
    const etag = await tagOf("f");
    await call("PUT", `${FILES}/f`, { body: "two" });
    expect((await call("DELETE", `${FILES}/f`, { headers: { "if-match": etag } })).status).toBe(412);
    expect((await call("DELETE", `${FILES}/f`, { headers: { "if-match": await tagOf("f") } })).status).toBe(202);
    expect((await call("DELETE", `${FILES}/f`, { headers: { "if-match": "*" } })).status).toBe(412);
  });

  test("a download of one version answers 412 when there is another", async () => {
    await call("PUT", `${FILES}/f`, { body: "one" });
    for (const method of ["GET", "HEAD"]) {
      const refused = await call(method, `${FILES}/f`, { headers: { "if-match": '"other"' } });
      expect([refused.status, await refused.text(), refused.headers.get("etag")]).toEqual([412, "", await tagOf("f")]);
      expect((await call(method, `${FILES}/f`, { headers: { "if-match": await tagOf("f") } })).status).toBe(200);
    }
  });
});

describe("room", () => {
  test("an upload for which there is none answers 507 with the limit, and is logged", async () => {
    const files = createFileStore({ root, log, limit: { kind: "bytes", bytes: 8_192, text: "8k" } });
    await files.open();
    app = routedApp(log, fileRoutes(FILES, { files, log }));
    const init = { body: "x".repeat(10_000), headers: { "content-length": "10000" } };
    expect(await answer("PUT", `${FILES}/a/f`, init)).toEqual([
      507,
      "Not enough room: stored files may take up 8.0 KiB together (files.max_total), 0 bytes are taken, 12.0 KiB more are needed",
    ]);
    expect(log.lines).toEqual([expect.stringContaining('error: Request to upload to "a/f" failed: Not enough room')]);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe("GET and HEAD", () => {
  beforeEach(async () => {
    await call("PUT", `${FILES}/f`, { body: "0123456789" });
  });

  test("a file comes with its length, tag and a type that no browser runs", async () => {
    const response = await call("GET", `${FILES}/f`);
    expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": "10",
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
  });

  test("HEAD has the status and the headers of GET, and no body", async () => {
    const get = await call("GET", `${FILES}/f`);
    const head = await call("HEAD", `${FILES}/f`);
    expect([head.status, head.body]).toEqual([200, null]);
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(get.headers));
    expect((await call("HEAD", `${FILES}/none`)).status).toBe(404);
  });

  test("what is missing, a directory, or below a file answers 404 with its decoded path", async () => {
    mkdirSync(join(root, "d"));
    for (const path of ["none", "d", "d/", "f/x"]) {
      expect(await answer("GET", `${FILES}/${path}`)).toEqual([404, `File not found: "${path}"`]);
    }
    expect(await answer("GET", `${FILES}/%22%5C%0Ax%C3%A9`)).toEqual([404, 'File not found: "\\"\\\\\\nxé"']);
  });

  test("error answers are plain text", async () => {
    const response = await call("GET", `${FILES}/none`);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("a range answers 206 with the part", async () => {
    const response = await call("GET", `${FILES}/f`, { headers: { range: "bytes=2-4" } });
    expect([response.status, await response.text()]).toEqual([206, "234"]);
    expect(response.headers.get("content-range")).toBe("bytes 2-4/10");
    expect(response.headers.get("content-length")).toBe("3");
  });

  test("a range behind the end answers 416 with the size", async () => {
    const response = await call("GET", `${FILES}/f`, { headers: { range: "bytes=10-" } });
    expect([response.status, await response.text()]).toEqual([416, ""]);
    expect(response.headers.get("content-range")).toBe("bytes */10");
  });

  test("a range of another version answers the whole file", async () => {
    const etag = (await call("HEAD", `${FILES}/f`)).headers.get("etag") ?? "";
    const part = { range: "bytes=2-4" };
    expect(await answer("GET", `${FILES}/f`, { headers: { ...part, "if-range": etag } })).toEqual([206, "234"]);
    for (const version of ['"other"', `W/${etag}`, "Wed, 25 Nov 2026 03:50:15 GMT"]) {
      expect(await answer("GET", `${FILES}/f`, { headers: { ...part, "if-range": version } })).toEqual([
        200,
        "0123456789",
      ]);
    }
  });

  test("a version that the client has already answers 304", async () => {
    const etag = (await call("HEAD", `${FILES}/f`)).headers.get("etag") ?? "";
    for (const tags of [etag, `"x", W/${etag}`, "*"]) {
      for (const method of ["GET", "HEAD"]) {
        const response = await call(method, `${FILES}/f`, { headers: { "if-none-match": tags } });
        expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
      }
    }
    expect(await answer("GET", `${FILES}/f`, { headers: { "if-none-match": '"x"' } })).toEqual([200, "0123456789"]);
  });

  test("large files come whole and in parts", async () => {
    const text = "0123456789abcdef".repeat(20_000);
    await call("PUT", `${FILES}/big`, { body: text });
    expect(await answer("GET", `${FILES}/big`)).toEqual([200, text]);
    expect(await answer("GET", `${FILES}/big`, { headers: { range: "bytes=1-300000" } })).toEqual([
      206,
      text.slice(1, 300_001),
    ]);
    expect(await answer("GET", `${FILES}/big`, { headers: { range: "bytes=1-2,5-6" } })).toEqual([200, text]);
  });

  test("no file stays open, whatever the answer was", async () => {
    const text = "x".repeat(200_000);
    await call("PUT", `${FILES}/big`, { body: text });
    const etag = (await call("HEAD", `${FILES}/big`)).headers.get("etag") ?? "";
    for (const headers of [
      {},
      { range: "bytes=5-" },
      { range: "bytes=0-1" },
      { range: "bytes=999999-" },
      { "if-none-match": etag },
    ]) {
      for (const method of ["GET", "HEAD"]) await (await call(method, `${FILES}/big`, { headers })).text();
    }
    await (await call("GET", `${FILES}/big`, { headers: { range: "bytes=0-199000" } })).body?.cancel();
    const open = readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).startsWith(root));
    expect(open).toEqual([]);
  });
});

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

describe("DELETE", () => {
  test("a file, and nothing there, answer 202 without body", async () => {
    await call("PUT", `${FILES}/f`, { body: "x" });
    expect(await answer("DELETE", `${FILES}/f`)).toEqual([202, ""]);
    expect(await answer("DELETE", `${FILES}/f`)).toEqual([202, ""]);
  });

  test("a directory answers 404, a path below a file 400", async () => {
    await call("PUT", `${FILES}/d/f`, { body: "x" });
    expect(await answer("DELETE", `${FILES}/d`)).toEqual([404, 'Cannot delete: "d" is a directory, not a file']);
    expect(await answer("DELETE", `${FILES}/d/f/x`)).toEqual([
      400,
      'Invalid file path: "d/f/x": a file is in the place of a directory',
    ]);
  });
});

describe("paths", () => {
  test("no method reaches a path outside the store", async () => {
    writeFileSync(join(data.path, "secret"), "secret");
    for (const [target, path] of [
      ["..%2Fsecret", "../secret"],
      ["%2e%2e%2fsecret", "../secret"],
      ["a/%2e%2e%2f..%2Fsecret", "a/../../secret"],
      ["/etc/passwd", "/etc/passwd"],
      ["%2Fetc%2Fpasswd", "/etc/passwd"],
      ["..%2Ffile-transfer-x/y", "../file-transfer-x/y"],
    ]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const init = method === "PUT" ? { body: "x" } : {};
        expect(await answer(method, `${FILES}/${target}`, init)).toEqual([404, `Invalid file path: "${path}"`]);
      }
    }
    expect(readdirSync(data.path).sort()).toEqual(["file-transfer", "secret"]);
  });

  test("what is no UTF-8 answers 400", async () => {
    expect(await answer("GET", `${FILES}/a%ff`)).toEqual([400, "Invalid URL: Invalid UTF-8 in `path`"]);
  });

  test("an encoded slash separates, a plus is a plus", async () => {
    await call("PUT", `${FILES}/a%2Fb+c`, { body: "x" });
    expect(readFileSync(join(root, "a/b+c"), "utf8")).toBe("x");
    expect(await answer("GET", `${FILES}/a//b+c/`)).toEqual([200, "x"]);
  });

  test("a path without a file name is unknown", async () => {
    for (const target of [FILES, `${FILES}/`, "/te/v1", "/", "/te/v1/filesx/y"]) {
      for (const method of ["GET", "PUT", "POST"]) expect(await answer(method, target)).toEqual([404, ""]);
    }
  });

  test("a link to a file in the cache is served", async () => {
    mkdirSync(join(data.path, "cache"));
    writeFileSync(join(data.path, "cache/abc"), "firmware");
    mkdirSync(join(root, "child/firmware_update"), { recursive: true });
    symlinkSync(join(data.path, "cache/abc"), join(root, "child/firmware_update/abc"));
    expect(await answer("GET", `${FILES}/child/firmware_update/abc`)).toEqual([200, "firmware"]);
  });

  test("other methods answer 405 with what is allowed", async () => {
    for (const method of ["POST", "PATCH", "OPTIONS"]) {
      const response = await call(method, `${FILES}/f`);
      expect([response.status, await response.text(), response.headers.get("allow")]).toEqual([
        405,
        "",
        "GET,HEAD,PUT,DELETE",
      ]);
    }
  });
});

describe("the path of earlier releases", () => {
  const DEPRECATION = {
    deprecation: "true",
    sunset: "Thu, 31 Dec 2025 23:59:59 GMT",
    link: '</te/v1/files>; rel="deprecation"',
  };

  test("it is the same store, and every answer says that it is deprecated", async () => {
    expect((await call("PUT", `${LEGACY}/a/b`, { body: "x" })).status).toBe(201);
    expect(await answer("GET", `${FILES}/a/b`)).toEqual([200, "x"]);
    for (const [method, target] of [
      ["GET", "a/b"],
      ["HEAD", "a/b"],
      ["GET", "none"],
      ["POST", "a/b"],
      ["GET", "%ff"],
      ["GET", "..%2Fx"],
      ["DELETE", "a/b"],
    ] as const) {
      expect(Object.fromEntries((await call(method, `${LEGACY}/${target}`)).headers)).toMatchObject(DEPRECATION);
    }
  });

  test("answers of the path of today do not say so", async () => {
    for (const target of ["none", "%ff"]) {
      expect((await call("GET", `${FILES}/${target}`)).headers.has("deprecation")).toBe(false);
    }
  });
});
