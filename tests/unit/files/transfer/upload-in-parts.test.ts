import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeFault } from "../../../../src/base/fault.ts";
import { upload } from "../../../../src/files/transfer/upload.ts";
import { readProgress, takesParts } from "../../../../src/files/transfer/upload-fields.ts";
import { recordedLog } from "../../http/recorded-log.ts";
import { answer, hangUp, keepSilent, scriptedServer, type Turn } from "../scripted-server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../temporary-directory.ts";
import { POLICY, type TransferClock, transferClock } from "../transfer-clock.ts";

const SIZE = 1_048_576;
const CONTENT = "0123456789abcdef".repeat(SIZE / 16);

let directory: TemporaryDirectory;
let source: string;
let clock: TransferClock;
let stop: AbortController;

beforeEach(() => {
  directory = temporaryDirectory();
  source = join(directory.path, "source.log");
  writeFileSync(source, CONTENT);
  clock = transferClock();
  stop = new AbortController();
});

afterEach(() => directory[Symbol.dispose]());

const probe = answer("404 Not Found", {});
const offer = answer("405 Method Not Allowed", { "accept-patch": "text/x, application/partial-upload" });
const begun = answer("201 Created", { location: "/te/v1/files/x?upload=7", "upload-offset": "0" });
const done = answer("201 Created", { "upload-complete": "?1" });
const at = (offset: number) => answer("204 No Content", { "upload-offset": String(offset), "upload-complete": "?0" });

/** Uploads to a server that plays `turns`, and gives the outcome as text, what was asked for, and the parts that were sent. */
async function play(path: string, ...turns: readonly Turn[]) {
  await using server = await scriptedServer(...turns);
  const told: number[] = [];
  const log = recordedLog();
  const options = { clock, random: () => 0.5, log, signal: stop.signal, policy: POLICY };
  const onProgress = (bytes: number) => void told.push(bytes);
  const result = await upload({ url: new URL(path, server.url).href, source }, { ...options, onProgress });
  const lines = server.requests.map(({ requestLine }) => requestLine.replace(" HTTP/1.1", ""));
  const parts = server.requests.flatMap(({ requestLine, headers, body }) =>
    requestLine.startsWith("PATCH") ? [[headers.get("upload-offset"), headers.get("upload-complete"), body]] : [],
  );
  const outcome = result.ok ? "ok" : describeFault(result.fault);
  return { outcome, lines, parts, told, log: log.lines, requests: server.requests };
}

const FILE = "/te/v1/files/x";
const BEGIN = [`HEAD ${FILE}`, `OPTIONS ${FILE}`, `PUT ${FILE}`];
const UPLOAD = `${FILE}?upload=7`;

describe("a large file for an agent", () => {
  test("is sent so that it can go on", async () => {
    const { outcome, lines, parts, requests, told } = await play(FILE, probe, offer, begun, done);
    expect([outcome, ...lines]).toEqual(["ok", ...BEGIN, `PATCH ${UPLOAD}`]);
    expect(parts).toEqual([["0", "?1", CONTENT]]);
    const [, , put, patch] = requests;
    expect([put?.headers.get("upload-complete"), put?.headers.get("upload-length"), put?.body]).toEqual([
      "?0",
      String(SIZE),
      "",
    ]);
    expect(patch?.headers.get("content-type")).toBe("application/partial-upload");
    expect(told.at(-1)).toBe(SIZE);
  });

  test("is sent whole when the server does not take parts", async () => {
    const { outcome, lines, requests } = await play(FILE, probe, answer("405 Method Not Allowed", {}), done);
    expect([outcome, ...lines]).toEqual(["ok", ...BEGIN]);
    expect(requests[2]?.body).toBe(CONTENT);
    expect(requests[2]?.headers.has("upload-complete")).toBe(false);
  });

  test.each(["/te/v1/entities/x", "/inventory/binaries/7"])("is sent whole to any other URL: %s", async (path) => {
    expect((await play(path, probe, done)).lines).toEqual([`HEAD ${path}`, `PUT ${path}`]);
  });

  test("is sent whole when it is none", async () => {
    writeFileSync(source, "small");
    expect((await play(FILE, probe, done)).lines).toEqual([`HEAD ${FILE}`, `PUT ${FILE}`]);
  });
});

describe("a connection that breaks", () => {
  test("goes on where the server is, at once", async () => {
    const played = await play(FILE, probe, offer, begun, hangUp, at(600_000), hangUp, at(1_000_000), done);
    expect(played.outcome).toBe("ok");
    expect(played.lines.slice(3)).toEqual([
      `PATCH ${UPLOAD}`,
      `HEAD ${UPLOAD}`,
      `PATCH ${UPLOAD}`,
      `HEAD ${UPLOAD}`,
      `PATCH ${UPLOAD}`,
    ]);
    expect(played.parts.slice(1)).toEqual([
      ["600000", "?1", CONTENT.slice(600_000)],
      ["1000000", "?1", CONTENT.slice(1_000_000)],
    ]);
    expect(clock.delays).toEqual([]);
    expect(played.log).toContainEqual(expect.stringContaining("Resuming file upload at position=600000"));
  });

  test("before the answer came has sent it all the same", async () => {
    const complete = answer("204 No Content", { "upload-complete": "?1" });
    const { outcome, parts } = await play(FILE, probe, offer, begun, hangUp, complete);
    expect([outcome, parts.length]).toEqual(["ok", 1]);
  });

  test("is waited for while the server cannot be reached", async () => {
    const { outcome } = await play(
      FILE,
      probe,
      offer,
      begun,
      hangUp,
      hangUp,
      answer("503 Busy", {}),
      at(600_000),
      done,
    );
    expect(outcome).toBe("ok");
    expect(clock.delays).toEqual([15_000, 22_500]);
  });

  test("again and again without any progress makes it begin anew", async () => {
    const turns = Array.from({ length: 5 }, () => [hangUp, at(10)]).flat();
    const { outcome, parts, lines } = await play(FILE, probe, offer, begun, ...turns, probe, offer, begun, done);
    expect([outcome, ...lines.slice(-4)]).toEqual(["ok", ...BEGIN, `PATCH ${UPLOAD}`]);
    expect(parts.map(([offset]) => offset)).toEqual(["0", "10", "10", "10", "10", "0"]);
    expect(clock.delays).toEqual([15_000, 22_500, 33_750, 50_625, 15_000]);
  });

  test("ends with the signal", async () => {
    await using server = await scriptedServer(probe, offer, begun, keepSilent);
    const options = { clock, random: () => 0.5, log: recordedLog(), signal: stop.signal, policy: POLICY };
    const result = upload({ url: new URL(FILE, server.url).href, source }, options);
    while (server.requests.length < 4) await new Promise(setImmediate);
    stop.abort();
    expect(await result).toMatchObject({ fault: { code: "aborted" } });
  });
});

describe("a server that refuses a part", () => {
  test("since it is elsewhere is asked where", async () => {
    const { outcome, parts } = await play(FILE, probe, offer, begun, answer("409 Conflict", {}), at(100_000), done);
    expect([outcome, parts[1]?.[0]]).toEqual(["ok", "100000"]);
  });

  test.each(["500 Internal Server Error", "507 Insufficient Storage", "403 Forbidden"])(
    "by %s ends it",
    async (status) => {
      const { outcome, lines } = await play(FILE, probe, offer, begun, answer(status, {}));
      expect(outcome).toMatch(new RegExp(`^HTTP status .* \\(${status}\\)`));
      expect(lines).toHaveLength(4);
      const early = await play(FILE, probe, offer, answer(status, {}));
      expect(early.outcome).toMatch(new RegExp(`^HTTP status .* \\(${status}\\)`));
      expect(early.lines).toEqual(BEGIN);
    },
  );

  test("since it forgot the upload ends it", async () => {
    const { outcome } = await play(FILE, probe, offer, begun, hangUp, answer("404 Not Found", {}));
    expect(outcome).toContain("(404 Not Found)");
  });
});

test("a file that changes meanwhile is sent anew", async () => {
  const change: Turn = (exchange) => {
    appendFileSync(source, "more");
    at(600_000)(exchange);
  };
  const { outcome, lines, parts } = await play(FILE, probe, offer, begun, hangUp, change, probe, offer, begun, done);
  expect([outcome, ...lines.slice(5)]).toEqual(["ok", ...BEGIN, `PATCH ${UPLOAD}`]);
  expect(parts[1]).toEqual(["0", "?1", `${CONTENT}more`]);
});

test.each([
  ["?1", "5", { isComplete: true, offset: 5 }],
  ["?0;x", " 5 ;y=1", { isComplete: false, offset: 5 }],
  ["1", "-5", { isComplete: false, offset: undefined }],
  ["", "1e3", { isComplete: false, offset: undefined }],
])("the fields %p and %p are read", (complete, offset, progress) => {
  expect(readProgress(new Headers({ "upload-complete": complete, "upload-offset": offset }))).toEqual(progress);
});

test.each([
  ["application/partial-upload", true],
  ["a/b, Application/Partial-Upload;q=1", true],
  ["application/partial-upload-x", false],
  ["", false],
])("%p takes parts: %p", (header, takes) => {
  expect(takesParts(new Headers({ "accept-patch": header }))).toBe(takes);
});
