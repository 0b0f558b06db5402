import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describeFault } from "../../../../src/base/fault.ts";
import type { TransferOptions } from "../../../../src/files/transfer/transfer-options.ts";
import { type UploadRequest, upload } from "../../../../src/files/transfer/upload.ts";
import { recordedLog } from "../../http/recorded-log.ts";
import { answer, hangUp, keepSilent, scriptedServer, type Turn } from "../scripted-server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";
import { POLICY, type TransferClock, transferClock } from "../transfer-clock.ts";

let directory: TemporaryDirectory;
let source: string;
let clock: TransferClock;
let stop: AbortController;

beforeEach(() => {
  directory = temporaryDirectory();
  source = join(directory.path, "source.log");
  writeFileSync(source, "content");
  clock = transferClock();
  stop = new AbortController();
});

afterEach(() => directory[Symbol.dispose]());

function send(url: string, request: Partial<UploadRequest> = {}, options: Partial<TransferOptions> = {}) {
  const world = { clock, random: () => 0.5, log: recordedLog(), signal: stop.signal, policy: POLICY };
  return upload({ url, source, ...request }, { ...world, ...options });
}

const created = answer("201 Created", {});
/** HEAD is asked before each try; its answer says nothing. */
const probe = answer("404 Not Found", {});

/** Uploads to a server that plays `turns`, and gives the outcome as text with what was asked for. */
async function play(...turns: readonly Turn[]): Promise<{ outcome: string; lines: string[] }> {
  await using server = await scriptedServer(...turns);
  const result = await send(server.url);
  const lines = server.requests.map(({ requestLine }) => requestLine.replace(" HTTP/1.1", ""));
  return { outcome: result.ok ? "ok" : describeFault(result.fault).replaceAll(server.url, "URL"), lines };
}

describe("an upload", () => {
  test("is a HEAD that finds the way and a PUT with length and type", async () => {
    await using server = await scriptedServer(probe, created);
    expect(await send(server.url, { headers: { authorization: "Bearer t" } })).toEqual({ ok: true, value: undefined });
    const [head, put] = server.requests;
    expect([head?.requestLine, put?.requestLine]).toEqual(["HEAD /file HTTP/1.1", "PUT /file HTTP/1.1"]);
    expect(put?.body).toBe("content");
    expect(put?.headers.get("content-length")).toBe("7");
    expect(put?.headers.get("content-type")).toBe("text/plain");
    expect(put?.headers.get("authorization")).toBe("Bearer t");
    expect(put?.headers.get("user-agent")).toStartWith("thin-edge.io ");
  });

  test("can be a POST with a type of its own, and an unknown extension is bytes", async () => {
    await using server = await scriptedServer(probe, created, probe, created);
    await send(server.url, { method: "POST", contentType: "text/x-mine" });
    writeFileSync(join(directory.path, "noext"), "");
    await send(server.url, { source: join(directory.path, "noext") });
    const [, post, , put] = server.requests;
    expect([post?.requestLine, post?.headers.get("content-type")]).toEqual(["POST /file HTTP/1.1", "text/x-mine"]);
    expect([put?.headers.get("content-length"), put?.headers.get("content-type")]).toEqual([
      "0",
      "application/octet-stream",
    ]);
  });

  test("larger than one read arrives whole", async () => {
    const content = "0123456789abcdef".repeat(50_000);
    writeFileSync(source, content);
    await using server = await scriptedServer(probe, created);
    expect(await send(server.url)).toMatchObject({ ok: true });
    expect(server.requests[1]?.body).toBe(content);
  });

  test("goes where HEAD was redirected to", async () => {
    expect(await play(answer("307 Temporary Redirect", { location: "/moved" }), probe, created)).toEqual({
      outcome: "ok",
      lines: ["HEAD /file", "HEAD /moved", "PUT /moved"],
    });
  });

  test("is sent again from the start to where the server moves it", async () => {
    await using server = await scriptedServer(probe, answer("307 Temporary Redirect", { location: "/moved" }), created);
    expect(await send(server.url)).toMatchObject({ ok: true });
    expect(server.requests.map(({ requestLine, body }) => [requestLine, body])).toEqual([
      ["HEAD /file HTTP/1.1", ""],
      ["PUT /file HTTP/1.1", "content"],
      ["PUT /moved HTTP/1.1", "content"],
    ]);
  });

  test("tells how far it is", async () => {
    const told: (number | undefined)[][] = [];
    await using server = await scriptedServer(probe, created);
    await send(server.url, {}, { onProgress: (done, total) => void told.push([done, total]) });
    expect(told).toEqual([[7, 7]]);
  });

  test("can be a form with a part for the file", async () => {
    await using server = await scriptedServer(probe, created);
    const form = { fileName: 'a "b"\r\n.log', fields: { type: "text/x", text: "two words" } };
    expect(await send(server.url, { method: "POST", contentType: "text/y", form })).toMatchObject({ ok: true });
    const [, post] = server.requests;
    const [, boundary = ""] =
      /^multipart\/form-data; boundary=(tebus-[0-9a-z-]+)$/.exec(post?.headers.get("content-type") ?? "") ?? [];
    expect(post?.body.replaceAll(boundary, "BOUNDARY")).toBe(
      [
        '--BOUNDARY\r\nContent-Disposition: form-data; name="type"\r\n\r\ntext/x\r\n',
        '--BOUNDARY\r\nContent-Disposition: form-data; name="text"\r\n\r\ntwo words\r\n',
        '--BOUNDARY\r\nContent-Disposition: form-data; name="file"; filename="a %22b%22%0D%0A.log"\r\n',
        "Content-Type: text/y\r\n\r\ncontent\r\n--BOUNDARY--\r\n",
      ].join(""),
    );
    expect(post?.headers.get("content-length")).toBe(String(post?.body.length));
    expect(post?.headers.has("transfer-encoding")).toBe(false);
  });

  test("by form is understood by others", async () => {
    const parse = async (form: FormData) => {
      const file = form.get("file");
      return file instanceof File ? [file.name, file.type, await file.text(), form.get("type")] : [];
    };
    await using server = await scriptedServer(probe, created);
    await send(server.url, { form: { fields: { type: "x" } } });
    const [, put] = server.requests;
    const headers = { "content-type": put?.headers.get("content-type") ?? "" };
    const form = await new Response(put?.body ?? "", { headers }).formData();
    expect(await parse(form)).toEqual(["source.log", expect.stringContaining("text/plain"), "content", "x"]);
  });

  test("takes no secret to another host", async () => {
    await using other = await scriptedServer(probe, created);
    const location = other.url.replace("127.0.0.1", "localhost");
    await using server = await scriptedServer(answer("307 Temporary Redirect", { location }));
    expect(await send(server.url, { headers: { authorization: "Bearer t" } })).toMatchObject({ ok: true });
    expect(other.requests.map(({ headers }) => headers.has("authorization"))).toEqual([false, false]);
  });
});

describe("a failure", () => {
  test.each([408, 425, 429, 500, 502, 503, 504])("by status %d may pass, so it is tried again", async (status) => {
    expect(await play(probe, answer(`${status} Whatever`, {}), probe, created)).toMatchObject({ outcome: "ok" });
    expect(clock.delays).toEqual([15_000]);
  });

  test.each([400, 401, 404, 413, 501, 507, 307])("by status %d is final", async (status) => {
    const { outcome, lines } = await play(probe, answer(`${status} Whatever`, {}));
    expect(outcome).toMatch(new RegExp(`^HTTP status .* \\(${status} Whatever\\) for url \\(URL\\)$`));
    expect(lines).toHaveLength(2);
  });

  test.each(["/te/v1/files/x", "/tedge/file-transfer/x"])(
    "of the file transfer service by status 500 is final: %s",
    async (path) => {
      await using server = await scriptedServer(probe, answer("500 Internal Server Error", {}));
      const result = await send(new URL(path, server.url).href);
      expect(result).toMatchObject({ fault: { code: "refused", detail: { status: 500 } } });
      expect(clock.delays).toEqual([]);
    },
  );

  test("of the connection may pass", async () => {
    expect(await play(hangUp, hangUp, probe, created)).toEqual({
      outcome: "ok",
      lines: ["HEAD /file", "PUT /file", "HEAD /file", "PUT /file"],
    });
    expect(await send("http://127.0.0.1:1/")).toMatchObject({
      fault: { code: "network", cause: { code: "ECONNREFUSED" } },
    });
    expect(clock.delays.length).toBeGreaterThan(5);
  });

  test("to speak TLS is final", async () => {
    const plain = createServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    await once(plain.listen(0, "127.0.0.1"), "listening");
    const { port } = plain.address() as AddressInfo;
    expect(await send(`https://127.0.0.1:${port}/`)).toMatchObject({ fault: { code: "tls" } });
    expect(clock.delays).toEqual([]);
    plain.close();
  });

  test("to open the file is final and makes no request", async () => {
    await using server = await scriptedServer(created);
    const missing = join(directory.path, "missing");
    const result = await send(server.url, { source: missing });
    expect(!result.ok && describeFault(result.fault)).toStartWith(`Can't open a file "${missing}": ENOENT`);
    expect(await send(server.url, { source: directory.path })).toMatchObject({ fault: { code: "io" } });
    expect(server.requests).toEqual([]);
  });

  test("of an URL that is not HTTP is final", async () => {
    expect(await send("file:///tmp/x")).toMatchObject({ fault: { code: "invalid-url" } });
  });

  test("to answer counts as one of the network", async () => {
    await using server = await scriptedServer(probe, keepSilent, probe, created);
    const result = send(server.url);
    while (server.requests.length < 2) await new Promise(setImmediate);
    clock.starve();
    expect(await result).toMatchObject({ ok: true });
    expect(server.requests).toHaveLength(4);
  });
});

test("stopping ends an upload in flight", async () => {
  await using server = await scriptedServer(probe, keepSilent);
  const result = send(server.url);
  while (server.requests.length < 2) await new Promise(setImmediate);
  stop.abort();
  expect(await result).toMatchObject({ fault: { code: "aborted" } });
});
