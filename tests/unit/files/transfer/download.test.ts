import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { describeFault } from "../../../../src/base/fault.ts";
import type { Log } from "../../../../src/base/log.ts";
import { type DownloadRequest, download } from "../../../../src/files/transfer/download.ts";
import { formatPartialName, partialKey } from "../../../../src/files/transfer/partial-name.ts";
import type { TransferOptions } from "../../../../src/files/transfer/transfer-options.ts";
import { createTransferSlots } from "../../../../src/files/transfer/transfer-slots.ts";
import { recordedLog } from "../../http/recorded-log.ts";
import {
  answer,
  brokenAnswer,
  type Exchange,
  hangUp,
  keepSilent,
  scriptedServer,
  type Turn,
} from "../scripted-server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";
import { POLICY, type TransferClock, transferClock } from "../transfer-clock.ts";

let directory: TemporaryDirectory;
let target: string;
let clock: TransferClock;
let log: Log & { readonly lines: string[] };
let stop: AbortController;

beforeEach(() => {
  directory = temporaryDirectory();
  target = join(directory.path, "target");
  clock = transferClock();
  log = recordedLog();
  stop = new AbortController();
});

afterEach(() => directory[Symbol.dispose]());

function get(url: string, request: Partial<DownloadRequest> = {}, options: Partial<TransferOptions> = {}) {
  const world = { clock, random: () => 0.5, log, signal: stop.signal, policy: POLICY };
  return download({ url, target, ...request }, { ...world, ...options });
}

/** Downloads from a server that plays `turns`, and gives the outcome as text with what was asked for. */
async function play(
  ...turns: readonly Turn[]
): Promise<{ outcome: string; content?: string; ranges: (string | undefined)[] }> {
  await using server = await scriptedServer(...turns);
  const result = await get(server.url);
  const ranges = server.requests.map(({ headers }) => headers.get("range"));
  const left = readdirSync(directory.path).filter((name) => name !== "target");
  expect(left).toEqual([]);
  if (!result.ok) return { outcome: describeFault(result.fault).replaceAll(server.url, "URL"), ranges };
  return { outcome: "ok", content: readFileSync(target, "utf8"), ranges };
}

/** Sizes of the files in the directory, the temporary one included. */
function sizes(): number[] {
  return readdirSync(directory.path).map((name) => statSync(join(directory.path, name)).size);
}

const V1 = { etag: '"1"', "accept-ranges": "bytes" };
const part = (range: string, body: string, headers = { etag: '"1"' }) =>
  answer("206 Partial Content", { ...headers, "content-range": `bytes ${range}` }, body);

describe("a plain download", () => {
  test("tells the entity tag of what it brought", async () => {
    await using server = await scriptedServer(answer("200 OK", { etag: 'W/"2"' }, "content"));
    expect(await get(server.url)).toEqual({ ok: true, value: { etag: 'W/"2"' } });
  });

  test("arrives whole with mode 0600, and directories above it are made", async () => {
    await using server = await scriptedServer(answer("200 OK", {}, "content"));
    target = join(directory.path, "a/b/target");
    expect(await get(server.url, { headers: { authorization: "Bearer t" } })).toEqual({
      ok: true,
      value: { etag: null },
    });
    expect(readFileSync(target, "utf8")).toBe("content");
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const [request] = server.requests;
    expect(request?.requestLine).toBe("GET /file HTTP/1.1");
    expect(request?.headers.get("authorization")).toBe("Bearer t");
    expect(request?.headers.get("user-agent")).toStartWith("thin-edge.io ");
    expect(request?.headers.get("accept-encoding")).toBe("identity");
    expect(request?.headers.has("range")).toBe(false);
  });

  test("replaces what was there only once it is whole", async () => {
    writeFileSync(target, "a longer old content");
    expect(
      await play(({ socket }) => {
        expect(readFileSync(target, "utf8")).toBe("a longer old content");
        answer("200 OK", {}, "new")({ requestLine: "", headers: new Map(), body: "", socket });
      }),
    ).toMatchObject({ outcome: "ok", content: "new" });
  });

  test("follows ten redirects and no more", async () => {
    const moved = answer("302 Found", { location: "/elsewhere" });
    const ten = Array.from({ length: 10 }, () => moved);
    expect(await play(...ten, answer("200 OK", {}, "there"))).toMatchObject({ outcome: "ok", content: "there" });
    const { outcome, ranges } = await play(moved);
    expect([outcome, ranges.length]).toEqual(["Redirected more than 10 times", 11]);
  });

  test("takes no secret to another host", async () => {
    await using other = await scriptedServer(answer("200 OK", {}, "x"));
    const location = other.url.replace("127.0.0.1", "localhost");
    await using server = await scriptedServer(answer("302 Found", { location }));
    const headers = { authorization: "Bearer t", "x-other": "y" };
    expect(await get(server.url, { headers })).toMatchObject({ ok: true });
    expect(server.requests[0]?.headers.get("authorization")).toBe("Bearer t");
    const told = other.requests[0]?.headers;
    expect([told?.get("authorization"), told?.get("x-other")]).toEqual([undefined, "y"]);
  });

  test("proves who asks to each server that it is sent to, unless it is told how", async () => {
    const credentials = async (url: string) => ({ ok: true as const, value: { authorization: new URL(url).hostname } });
    await using other = await scriptedServer(answer("200 OK", {}, "x"));
    const location = other.url.replace("127.0.0.1", "localhost");
    await using server = await scriptedServer(answer("302 Found", { location }));
    await get(server.url, {}, { credentials });
    await get(other.url, { headers: { Authorization: "mine" } }, { credentials });
    const told = [...server.requests, ...other.requests].map(({ headers }) => headers.get("authorization"));
    expect(told).toEqual(["127.0.0.1", "localhost", "mine"]);
  });

  test("tells how far it is", async () => {
    const told: (number | undefined)[][] = [];
    await using server = await scriptedServer(answer("200 OK", {}, "content"));
    await get(server.url, {}, { onProgress: (done, total) => void told.push([done, total]) });
    expect(told).toEqual([[7, 7]]);
  });

  test("waits until the process has a slot for it", async () => {
    const slots = createTransferSlots(1, 10);
    const [holding, waiting] = [await slots.take(stop.signal), scriptedServer(answer("200 OK", {}, "x"))];
    await using server = await waiting;
    const result = get(server.url, {}, { slots });
    await new Promise(setImmediate);
    expect(server.requests).toEqual([]);
    if (holding.ok) holding.value();
    expect(await result).toMatchObject({ ok: true });
    expect(await slots.take(stop.signal)).toMatchObject({ ok: true });
  });

  test("has its blocks reserved before it comes", async () => {
    await using server = await scriptedServer(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n0123");
    });
    const result = get(server.url, {}, { clock: systemClock });
    while (!sizes().includes(4)) await new Promise(setImmediate);
    const [name = ""] = readdirSync(directory.path);
    expect(statSync(join(directory.path, name)).blocks * 512).toBeGreaterThanOrEqual(4_194_304);
    stop.abort();
    await result;
  });

  test("an empty file and a body without length are taken", async () => {
    expect(await play(answer("200 OK", {}))).toMatchObject({ outcome: "ok", content: "" });
    const untilEnd: Turn = ({ socket }) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil end");
    expect(await play(untilEnd)).toMatchObject({ outcome: "ok", content: "until end" });
  });

  test("a compressed body is stored as it came", async () => {
    expect(await play(answer("200 OK", { "content-encoding": "gzip" }, "not really gzip"))).toMatchObject({
      content: "not really gzip",
    });
  });
});

describe("a target that cannot be written", () => {
  test.each([
    ["relative/path", "Path can't be relative"],
    ["/tmp/", "Does not name a valid file"],
    ["/tmp/..", "Does not name a valid file"],
    ["/tmp", "Does not name a valid file"],
    ["/dev/null", "Does not name a valid file"],
  ])("%s is refused before any request", async (path, reason) => {
    await using server = await scriptedServer(answer("200 OK", {}, "x"));
    expect(await get(server.url, { target: path })).toMatchObject({ fault: { message: reason } });
    expect(server.requests).toEqual([]);
  });

  test("a read-only file is refused before any request", async () => {
    writeFileSync(target, "old");
    chmodSync(target, 0o444);
    await using server = await scriptedServer(answer("200 OK", {}, "x"));
    expect(await get(server.url)).toMatchObject({ fault: { message: `No write access to "${target}"` } });
    expect(server.requests).toEqual([]);
  });

  test("a directory that is a file is a fault", async () => {
    writeFileSync(target, "file");
    const below = join(target, "x");
    expect(await get("http://127.0.0.1:1/", { target: below })).toMatchObject({
      fault: { code: "io", message: `Cannot write "${below}"` },
    });
  });

  test("a body that does not fit on the disk is refused before it is read", async () => {
    const { outcome } = await play(brokenAnswer("200 OK", { "content-length": String(2 ** 52) }, "x"));
    expect(outcome).toBe("Not enough disk space");
  });
});

describe("an URL that is not HTTP", () => {
  test.each(["nonsense", "", "ftp://127.0.0.1/x", "file:///etc/passwd", "data:,x", "s3://bucket/x"])(
    "%p",
    async (url) => {
      expect(await get(url)).toMatchObject({ fault: { code: "invalid-url" } });
    },
  );

  test("a redirect does not lead to one either", async () => {
    writeFileSync(join(directory.path, "secret"), "secret");
    await using server = await scriptedServer(answer("302 Found", { location: `file://${directory.path}/secret` }));
    expect(await get(server.url)).toMatchObject({ ok: false });
    expect(existsSync(target)).toBe(false);
  });
});

describe("a request that fails", () => {
  test.each([
    "408 Request Timeout",
    "425 Too Early",
    "429 Too Many Requests",
    "500 Internal Server Error",
    "502 Bad Gateway",
    "503 Service Unavailable",
    "504 Gateway Timeout",
  ])("is made again after %s", async (status) => {
    const played = await play(answer(status, {}), answer("200 OK", {}, "x"));
    expect(played).toEqual({ outcome: "ok", content: "x", ranges: [undefined, undefined] });
    expect(clock.delays).toEqual([15_000]);
  });

  test.each([
    ["401 Unauthorized", "client"],
    ["404 Not Found", "client"],
    ["416 Range Not Satisfiable", "client"],
    ["501 Not Implemented", "server"],
    ["507 Insufficient Storage", "server"],
  ])("is final after %s", async (status, side) => {
    const played = await play(answer(status, {}));
    expect(played).toEqual({ outcome: `HTTP status ${side} error (${status}) for url (URL)`, ranges: [undefined] });
    expect(clock.delays).toEqual([]);
  });

  test("is made again with longer and longer delays until five minutes would have passed", async () => {
    const { outcome, ranges } = await play(answer("503 Service Unavailable", {}));
    expect(outcome).toBe("HTTP status server error (503 Service Unavailable) for url (URL)");
    expect(clock.delays).toEqual([15_000, 22_500, 33_750, 50_625, 60_000, 60_000]);
    expect(ranges).toHaveLength(7);
    expect(log.lines[0]).toMatch(/^warn: Temporary failure: HTTP status server error .*\. Retrying in 15s$/);
  });

  test("is made again when the connection is refused or dropped", async () => {
    expect(await play(hangUp, hangUp, answer("200 OK", {}, "x"))).toMatchObject({ outcome: "ok", content: "x" });
    expect(clock.delays).toEqual([15_000, 22_500]);
    expect(await get("http://127.0.0.1:1/")).toMatchObject({
      fault: { code: "network", cause: { code: "ECONNREFUSED" } },
    });
  });

  test("shows no password", async () => {
    await using server = await scriptedServer(answer("404 Not Found", {}));
    const result = await get(server.url.replace("//", "//user:hidden@"));
    expect(!result.ok && describeFault(result.fault)).toMatch(/user:\*\*\*@/);
  });
});

describe("a body that breaks off", () => {
  const onDisk = (size: number) => () => sizes().includes(size);
  const first = brokenAnswer("200 OK", { ...V1, "content-length": "10" }, "0123", onDisk(4));

  test("goes on where it was", async () => {
    expect(await play(first, part("4-9/10", "456789"))).toEqual({
      outcome: "ok",
      content: "0123456789",
      ranges: [undefined, "bytes=4-"],
    });
    expect(clock.delays).toEqual([]);
  });

  test("tells the entity tag of both parts", async () => {
    await using server = await scriptedServer(first, part("4-9/10", "456789"));
    expect(await get(server.url)).toEqual({ ok: true, value: { etag: '"1"' } });
  });

  test("also when it was chunked and had no end", async () => {
    const chunked = brokenAnswer("200 OK", { ...V1, "transfer-encoding": "chunked" }, "0123", onDisk(4));
    expect(await play(chunked, part("4-9/10", "456789"))).toMatchObject({ outcome: "ok", content: "0123456789" });
  });

  test("goes on over several answers, each of which may be cut", async () => {
    const range = { etag: '"1"', "content-length": "6", "content-range": "bytes 4-9/10" };
    const cut = brokenAnswer("206 Partial Content", range, "45", onDisk(6));
    expect(await play(first, cut, part("6-9/10", "6789"))).toEqual({
      outcome: "ok",
      content: "0123456789",
      ranges: [undefined, "bytes=4-", "bytes=6-"],
    });
  });

  test("goes on when the server gives less than was asked for", async () => {
    expect(await play(first, part("4-6/10", "456"), part("7-9/10", "789"))).toMatchObject({
      content: "0123456789",
      ranges: [undefined, "bytes=4-", "bytes=7-"],
    });
  });

  test("is overwritten from where the server begins", async () => {
    expect(await play(first, part("2-9/10", "23456789"))).toMatchObject({ content: "0123456789" });
  });

  test("begins anew with a server that gives no parts", async () => {
    const plain = brokenAnswer("200 OK", { "content-length": "10" }, "0123");
    expect(await play(plain, answer("200 OK", {}, "new"))).toEqual({
      outcome: "ok",
      content: "new",
      ranges: [undefined, undefined],
    });
  });

  test("is overwritten by a whole file, and nothing of it stays behind a shorter one", async () => {
    expect(await play(first, answer("200 OK", V1, "new"))).toMatchObject({ content: "new" });
  });

  test("begins anew, without asking for a part, when the file changed", async () => {
    for (const changed of [part("4-9/10", "XXXXXX", { etag: '"2"' }), answer("416 Range Not Satisfiable", {})]) {
      expect(await play(first, changed, answer("200 OK", V1, "new"))).toEqual({
        outcome: "ok",
        content: "new",
        ranges: [undefined, "bytes=4-", undefined],
      });
    }
  });

  test("is given up when the server does not say where its part begins", async () => {
    const { outcome } = await play(first, answer("206 Partial Content", { etag: '"1"' }, "456789"));
    expect(outcome).toStartWith("Error parsing Content-Range header, reason: ");
    expect(existsSync(target)).toBe(false);
  });

  test("is given up after five requests, and nothing is left", async () => {
    const { outcome, ranges } = await play(brokenAnswer("200 OK", { "content-length": "10" }, "0123"));
    expect(ranges).toHaveLength(5);
    expect(outcome).toStartWith("error sending request for url (URL)");
    expect(existsSync(target)).toBe(false);
  });

  test("has back-off of its own for each request", async () => {
    await play(first, answer("503 Service Unavailable", {}), part("4-9/10", "456789"));
    expect(clock.delays).toEqual([15_000]);
  });
});

describe("a digest that is known", () => {
  const SHA256 = "ED7002B439E9AC845F22357D822BAC1444730FBDB6016D3EC9432297B9EC9F73";

  test("is that of the file", async () => {
    await using server = await scriptedServer(answer("200 OK", {}, "content"));
    expect(await get(server.url, { sha256: SHA256 })).toMatchObject({ ok: true });
    expect(readFileSync(target, "utf8")).toBe("content");
  });

  test("is that of a file in parts", async () => {
    const cut = brokenAnswer("200 OK", { ...V1, "content-length": "7" }, "con", () => sizes().includes(3));
    await using server = await scriptedServer(cut, part("3-6/7", "tent"));
    expect(await get(server.url, { sha256: SHA256.toLowerCase() })).toMatchObject({ ok: true });
  });

  test("that differs leaves the old file, and nothing else", async () => {
    writeFileSync(target, "old");
    await using server = await scriptedServer(answer("200 OK", {}, "CONTENT"));
    expect(await get(server.url, { sha256: SHA256 })).toMatchObject({ ok: false, fault: { code: "checksum" } });
    expect(readdirSync(directory.path)).toEqual(["target"]);
    expect(readFileSync(target, "utf8")).toBe("old");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a download whose process was killed", () => {
  const leave = (url: string, content: string) => {
    const identity = { key: partialKey(url, target), owner: "1.1", serial: 0 };
    const name = formatPartialName({ ...identity, kept: 4, etag: '"1"' });
    writeFileSync(join(directory.path, name), content);
  };

  test("is gone on with by the next process", async () => {
    await using server = await scriptedServer(part("4-9/10", "456789"));
    leave(server.url, "0123XXXXXXXXXX");
    expect(await get(server.url)).toMatchObject({ ok: true });
    expect(readFileSync(target, "utf8")).toBe("0123456789");
    expect(server.requests[0]?.headers.get("range")).toBe("bytes=4-");
    expect(readdirSync(directory.path)).toEqual(["target"]);
  });

  test("begins anew when the file changed meanwhile", async () => {
    await using server = await scriptedServer(
      part("4-9/10", "XXXXXX", { etag: '"2"' }),
      answer("200 OK", { etag: '"2"' }, "new"),
    );
    leave(server.url, "0123");
    expect(await get(server.url)).toMatchObject({ ok: true });
    expect(readFileSync(target, "utf8")).toBe("new");
    expect(server.requests.map(({ headers }) => headers.get("range"))).toEqual(["bytes=4-", undefined]);
  });

  test("is removed when it fails", async () => {
    await using server = await scriptedServer(answer("404 Not Found", {}));
    leave(server.url, "0123");
    expect(await get(server.url)).toMatchObject({ ok: false });
    expect(readdirSync(directory.path)).toEqual([]);
  });
});

describe("a server that stalls", () => {
  const stall: Turn = ({ socket }) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\nAccept-Ranges: bytes\r\nETag: "1"\r\n\r\n0123');
  };

  test("before its answer counts as a network failure", async () => {
    await using server = await scriptedServer(keepSilent, answer("200 OK", {}, "x"));
    const result = get(server.url);
    while (server.requests.length === 0) await new Promise(setImmediate);
    clock.starve();
    expect(await result).toMatchObject({ ok: true });
    expect(log.lines[0]).toContain("Nothing moved for 3000 s");
  });

  test("in its body counts as a body that breaks off", async () => {
    await using server = await scriptedServer(stall, part("4-9/10", "456789"));
    const result = get(server.url);
    while (!sizes().includes(4)) await new Promise(setImmediate);
    clock.starve();
    expect(await result).toMatchObject({ ok: true });
    expect(readFileSync(target, "utf8")).toBe("0123456789");
  });
});

test("a server that trickles bytes does not hold a client", async () => {
  let socket: Exchange["socket"] | undefined;
  await using server = await scriptedServer((exchange) => {
    socket = exchange.socket;
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  });
  const result = get(server.url);
  const sendUntil = async (bytes: number, size: number) => {
    socket?.write("x".repeat(bytes));
    while (!sizes().includes(size)) await new Promise(setImmediate);
    return clock.armed();
  };
  while (socket === undefined) await new Promise(setImmediate);
  const armed = await sendUntil(1, 1);
  expect([await sendUntil(1, 2), await sendUntil(253, 255)]).toEqual([armed, armed]);
  await sendUntil(1, 256);
  while (clock.armed() === armed) await new Promise(setImmediate);
  expect(clock.armed()).toBe(armed + 1);
  stop.abort();
  await result;
});

describe("stopping", () => {
  test("ends a request in flight and leaves nothing", async () => {
    await using server = await scriptedServer(keepSilent);
    const result = get(server.url);
    while (server.requests.length === 0) await new Promise(setImmediate);
    stop.abort();
    expect(await result).toMatchObject({ fault: { code: "aborted" } });
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("before the start makes no request", async () => {
    await using server = await scriptedServer(answer("200 OK", {}, "x"));
    stop.abort();
    expect(await get(server.url)).toMatchObject({ fault: { code: "aborted" } });
    expect([server.requests.length, readdirSync(directory.path).length]).toEqual([0, 0]);
  });
});
