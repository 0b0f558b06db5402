import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import { deprecatedFileRoutes, fileRoutes } from "../../../../src/http/files/files.ts";
import { type HttpApp, routedApp } from "../../../../src/http/routed-app.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";

const FILES = "/te/v1/files";
const PROBLEMS = "https://iana.org/assignments/http-problem-types#";

let data: TemporaryDirectory;
let log: ReturnType<typeof recordedLog>;
let app: HttpApp;

beforeEach(async () => {
  data = temporaryDirectory();
  log = recordedLog();
  const limit = { kind: "bytes", bytes: 1_000_000, text: "" } as const;
  const files = createFileStore({ root: join(data.path, "file-transfer"), log, limit });
  await files.open();
  app = routedApp(log, fileRoutes(FILES, { files, log }), deprecatedFileRoutes("/tedge/file-transfer", { files, log }));
});

afterEach(() => data[Symbol.dispose]());

function call(method: string, target: string, headers: Record<string, string> = {}, body = ""): Promise<Response> {
  const withBody = body === "" ? {} : { body };
  return app(new Request(`http://127.0.0.1:8000${target}`, { method, headers, ...withBody }));
}

async function begin(target = `${FILES}/a/f`, headers: Record<string, string> = {}, body = ""): Promise<string> {
  const created = await call("PUT", target, { "upload-complete": "?0", ...headers }, body);
  expect(created.status).toBe(201);
  return created.headers.get("location") ?? "";
}

function append(location: string, offset: number, body: string, complete = "?0", more: Record<string, string> = {}) {
  const headers = { "content-type": "application/partial-upload", "upload-complete": complete, ...more };
  return call("PATCH", location, { ...headers, "upload-offset": String(offset) }, body);
}

const stored = (path: string) => readFileSync(join(data.path, "file-transfer", path), "utf8");

describe("a PUT with Upload-Complete", () => {
  test("?0 begins an upload, and tells where it goes on and what its bounds are", async () => {
    const created = await call("PUT", `${FILES}/a%20b/f`, { "upload-complete": "?0", "upload-length": "10" }, "one");
    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toMatch(/^\/te\/v1\/files\/a%20b\/f\?upload=[0-9a-f-]{36}$/);
    expect(Object.fromEntries(created.headers)).toMatchObject({
      "upload-complete": "?0",
      "upload-offset": "3",
      "upload-length": "10",
      "upload-limit": "max-size=1000000, max-age=86400",
    });
    expect((await call("GET", `${FILES}/a%20b/f`)).status).toBe(404);
  });

  test("?1, or what is no boolean, is an ordinary upload", async () => {
    for (const value of ["?1", "1", "true", "?0x", ""]) {
      const response = await call("PUT", `${FILES}/f`, { "upload-complete": value }, `all ${value}`);
      expect([response.status, response.headers.get("location"), stored("f")]).toEqual([201, null, `all ${value}`]);
    }
  });

  test("?0 to a directory, outside, or against a condition is refused like an upload", async () => {
    await call("PUT", `${FILES}/d/f`, {}, "x");
    const refused = async (path: string, headers: Record<string, string> = {}) =>
      (await call("PUT", `${FILES}/${path}`, { "upload-complete": "?0", ...headers })).status;
    expect(await refused("d")).toBe(409);
    expect(await refused("..%2Fx")).toBe(404);
    expect(await refused("d/f", { "if-none-match": "*" })).toBe(412);
    expect(await refused("d/g", { "upload-length": "2000000" })).toBe(507);
  });
});

describe("the URL of an upload", () => {
  test("tells the state to HEAD", async () => {
    const location = await begin(undefined, {}, "one");
    const response = await call("HEAD", location);
    expect([response.status, response.body]).toEqual([204, null]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "upload-complete": "?0",
      "upload-offset": "3",
      "upload-limit": expect.stringMatching(/^max-size=1000000, max-age=86(400|399)$/),
      "cache-control": "no-store",
    });
    expect(response.headers.has("upload-length")).toBe(false);
  });

  test("takes parts, answers the last one as it would have answered a PUT, and stays to tell of it", async () => {
    const location = await begin();
    const first = await append(location, 0, "one ");
    expect([first.status, first.headers.get("upload-complete"), first.headers.get("upload-offset")]).toEqual([
      204,
      "?0",
      "4",
    ]);
    const last = await append(location, 4, "two", "?1");
    expect([last.status, last.headers.get("upload-complete")]).toEqual([201, "?1"]);
    const file = await call("GET", `${FILES}/a/f`);
    expect([await file.text(), file.headers.get("etag")]).toEqual(["one two", last.headers.get("etag")]);
    const head = await call("HEAD", location);
    expect([head.headers.get("upload-complete"), head.headers.get("upload-offset")]).toEqual(["?1", "7"]);
  });

  test("answers a wrong offset 409 with the right one", async () => {
    const location = await begin(undefined, {}, "one");
    const refused = await append(location, 5, "x");
    expect([refused.status, refused.headers.get("content-type"), refused.headers.get("upload-offset")]).toEqual([
      409,
      "application/problem+json",
      "3",
    ]);
    expect(await refused.json()).toEqual({
      type: `${PROBLEMS}mismatching-upload-offset`,
      title: "The upload goes on at offset 3, not at 5",
      status: 409,
      "expected-offset": 3,
      "provided-offset": 5,
    });
  });

  test("answers lengths that do not agree, and more after the end, 400 with the type of the problem", async () => {
    const location = await begin(undefined, { "upload-length": "5" });
    const problem = async (response: Response) => {
      expect(response.status).toBe(400);
      return (await response.json()).type;
    };
    expect(await problem(await append(location, 0, "xx", "?0", { "upload-length": "6" }))).toBe(
      `${PROBLEMS}inconsistent-upload-length`,
    );
    expect(await problem(await append(location, 0, "123456", "?1", { "content-length": "6" }))).toBe(
      `${PROBLEMS}inconsistent-upload-length`,
    );
    await append(location, 0, "12345", "?1");
    const after = await append(location, 5, "x", "?1");
    expect([await problem(after.clone()), after.headers.get("upload-complete")]).toEqual([
      `${PROBLEMS}completed-upload`,
      "?1",
    ]);
  });

  test("answers a condition that broke meanwhile 412, and says that all came", async () => {
    const location = await begin(undefined, { "if-none-match": "*" });
    await call("PUT", `${FILES}/a/f`, {}, "other");
    const refused = await append(location, 0, "mine", "?1");
    expect([refused.status, refused.headers.get("upload-complete")]).toEqual([412, "?1"]);
    expect(await refused.text()).toStartWith('Precondition failed: "a/f" exists already');
    expect((await call("HEAD", location)).status).toBe(404);
  });

  test("answers a request that is not as the protocol has it with what is missing", async () => {
    const location = await begin();
    const other = await call("PATCH", location, { "content-type": "text/plain", "upload-offset": "0" }, "x");
    expect([other.status, other.headers.get("accept-patch")]).toEqual([415, "application/partial-upload"]);
    const type = { "content-type": "application/partial-upload; x=y" };
    for (const missing of [
      { "upload-complete": "?1" },
      { "upload-offset": "0" },
      { "upload-offset": "-1", "upload-complete": "?0" },
    ]) {
      expect((await call("PATCH", location, { ...type, ...missing }, "x")).status).toBe(400);
    }
    expect(
      (await call("PATCH", location, { ...type, "upload-offset": "0;a=1", "upload-complete": " ?1;b" }, "x")).status,
    ).toBe(201);
  });

  test("ends an upload by DELETE, and is unknown afterwards, as it is for another path", async () => {
    const location = await begin(undefined, {}, "x");
    expect((await call("HEAD", location.replace("a/f", "a/g"))).status).toBe(404);
    expect((await call("DELETE", location)).status).toBe(204);
    for (const method of ["HEAD", "DELETE"]) expect((await call(method, location)).status).toBe(404);
    const gone = await append(location, 1, "x");
    expect([gone.status, await gone.text()]).toEqual([404, "There is no such upload for this path, or no more"]);
    expect((await call("HEAD", `${FILES}/a/f?upload=`)).status).toBe(404);
  });

  test("answers other methods 405 with what is allowed", async () => {
    const location = await begin();
    for (const method of ["PUT", "POST", "OPTIONS"]) {
      const response = await call(method, location);
      expect([response.status, response.headers.get("allow")]).toEqual([405, "HEAD,PATCH,DELETE"]);
    }
  });

  test("is below the path of earlier releases for whoever began there", async () => {
    const location = await begin("/tedge/file-transfer/a/f");
    expect(location).toStartWith("/tedge/file-transfer/a/f?upload=");
    expect((await append(location, 0, "x", "?1")).status).toBe(201);
  });
});

test("OPTIONS, although it is not allowed, tells what may be uploaded in parts", async () => {
  const response = await call("OPTIONS", `${FILES}/f`);
  expect([response.status, response.headers.get("accept-patch"), response.headers.get("upload-limit")]).toEqual([
    405,
    "application/partial-upload",
    "max-size=1000000",
  ]);
  expect((await call("POST", `${FILES}/f`)).headers.has("accept-patch")).toBe(false);
});

test("a query without an upload changes nothing", async () => {
  expect((await call("PUT", `${FILES}/f?x=y`, {}, "x")).status).toBe(201);
  expect(await (await call("GET", `${FILES}/f?uploads=1`)).text()).toBe("x");
});
