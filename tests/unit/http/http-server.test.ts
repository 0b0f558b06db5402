import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import type { Log } from "../../../src/base/log.ts";
import { createFileStore } from "../../../src/files/store/disk-file-store.ts";
import { fileRoutes } from "../../../src/http/files/files.ts";
import { createHttpServer, type HttpServer } from "../../../src/http/http-server.ts";
import { type HttpApp, routedApp } from "../../../src/http/routed-app.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../files/temporary-directory.ts";
import { recordedLog } from "./recorded-log.ts";

const FILES = "/te/v1/files";

let data: TemporaryDirectory;
let root: string;
let log: Log & { readonly lines: string[] };
let app: HttpApp;
let server: HttpServer;

beforeEach(async () => {
  data = temporaryDirectory();
  root = join(data.path, "file-transfer");
  log = recordedLog();
  const files = createFileStore({ root, log });
  await files.open();
  app = routedApp(log, fileRoutes(FILES, { files, log }));
  server = newServer(0);
  await server.start(new AbortController().signal);
});

afterEach(async () => {
  await server.stop();
  data[Symbol.dispose]();
});

function newServer(port: number): HttpServer {
  return createHttpServer({ bind: { address: "127.0.0.1", port }, app, log, clock: systemClock });
}

function url(path: string): string {
  return `http://127.0.0.1:${server.port}${path}`;
}

/** Sends raw bytes and gives what comes back until the server closes. */
async function exchange(...parts: readonly string[]): Promise<string> {
  const socket = await open();
  for (const part of parts) socket.write(part);
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

/** Resolves once `done` holds; the test's own timeout ends it otherwise. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

describe("over a real socket", () => {
  test("a file goes up and comes down byte for byte, with its length", async () => {
    const content = new Uint8Array(3_000_000).map((_, index) => index * 31);
    expect((await fetch(url(`${FILES}/a/b`), { method: "PUT", body: content })).status).toBe(201);
    const response = await fetch(url(`${FILES}/a/b`));
    expect(response.headers.get("content-length")).toBe("3000000");
    expect(sha256(await response.bytes())).toBe(sha256(content));
  });

  test("HEAD tells the length without a body, and the connection stays good", async () => {
    await fetch(url(`${FILES}/f`), { method: "PUT", body: "0123456789" });
    const socket = await open();
    for (const [method, body] of [
      ["HEAD", ""],
      ["GET", "0123456789"],
      ["HEAD", ""],
    ]) {
      socket.write(`${method} ${FILES}/f HTTP/1.1\r\nHost: x\r\n\r\n`);
      const [answer] = await once(socket, "data");
      expect(String(answer)).toMatch(/\r\ncontent-length: 10\r\n/i);
      expect(String(answer)).toEndWith(`\r\n\r\n${body}`);
    }
    socket.destroy();
  });

  test("a Range header that does not apply is not obeyed", async () => {
    const content = "x".repeat(200_000);
    await fetch(url(`${FILES}/f`), { method: "PUT", body: content });
    const response = await fetch(url(`${FILES}/f`), { headers: { range: "bytes=0-9", "if-range": '"other"' } });
    expect([response.status, (await response.text()).length]).toEqual([200, 200_000]);
  });

  test("a chunked body and one that waits for 100-continue are stored", async () => {
    const head = (name: string, extra: string) =>
      `PUT ${FILES}/${name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${extra}\r\n\r\n`;
    expect(await exchange(head("c", "Transfer-Encoding: chunked"), "3\r\nabc\r\n", "2\r\nde\r\n0\r\n\r\n")).toContain(
      "201",
    );
    expect(await exchange(head("e", "Content-Length: 3\r\nExpect: 100-continue"), "xyz")).toContain("100 Continue");
    expect(readFileSync(join(root, "c"), "utf8") + readFileSync(join(root, "e"), "utf8")).toBe("abcdexyz");
  });

  test.each([
    ["with a length", "Content-Length: 1000", "abc"],
    ["chunked", "Transfer-Encoding: chunked", "3\r\nabc\r\n5\r\nde"],
  ])(
    "a client that vanishes in the middle of a body %s leaves the old file and nothing else",
    async (_, header, body) => {
      await fetch(url(`${FILES}/d/f`), { method: "PUT", body: "old" });
      for (const path of ["d/f", "new/f"]) {
        const socket = await open();
        socket.write(`PUT ${FILES}/${path} HTTP/1.1\r\nHost: x\r\n${header}\r\n\r\n${body}`);
        await until(() => readdirSync(root, { recursive: true }).some((name) => String(name).endsWith(".part")));
        socket.destroy();
        await until(() => log.lines.some((line) => line.startsWith(`error: Request to upload to "${path}" failed`)));
      }
      expect(readdirSync(root, { recursive: true }).map(String).sort()).toEqual(["d", "d/f"]);
      expect(readFileSync(join(root, "d/f"), "utf8")).toBe("old");
    },
  );

  test("an upload that is refused is answered though its body was not read", async () => {
    await fetch(url(`${FILES}/d/f`), { method: "PUT", body: "x" });
    const socket = await open();
    socket.write(`PUT ${FILES}/d HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nbegin`);
    const [answer] = await once(socket, "data");
    expect(String(answer)).toStartWith("HTTP/1.1 409 ");
    expect(String(answer)).toEndWith('Cannot upload: "d" is a directory, not a file');
    socket.destroy();
  });

  test("encoded dot segments, double slashes and NUL stay in the store", async () => {
    for (const target of ["..%2f..%2fetc/passwd", "%2e%2e%2f%2e%2e%2fetc/passwd", "/etc/passwd", "a/..%2f..%2fx"]) {
      expect(await exchange(`GET ${FILES}/${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).toContain(
        "Invalid file path",
      );
    }
    for (const target of ["../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "..\\..\\etc\\passwd", "a%00"]) {
      const answer = await exchange(`GET ${FILES}/${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (400|404) /);
      expect(answer).not.toContain("root:");
    }
  });

  test("two uploads to one name at the same time leave one of them whole", async () => {
    const bodies = ["a", "b"].map((letter) => letter.repeat(1_000_000));
    await Promise.all(bodies.map((body) => fetch(url(`${FILES}/same`), { method: "PUT", body })));
    expect(bodies).toContain(readFileSync(join(root, "same"), "utf8"));
    expect(readdirSync(root)).toEqual(["same"]);
  });
});

describe("as a unit", () => {
  test("a port that is taken is a fault that names the address and the reason of the system", async () => {
    const second = newServer(server.port);
    await expect(second.start(new AbortController().signal)).rejects.toThrow(
      `Binding file-transfer server to 127.0.0.1:${server.port}: Address already in use (os error 98); end the program that listens there, or choose another \`http.bind.port\``,
    );
    await second.stop();
  });

  test("it can be stopped twice and started again", async () => {
    await server.stop();
    await server.stop();
    expect(server.port).toBe(0);
    await server.start(new AbortController().signal);
    expect((await fetch(url("/unknown"))).status).toBe(404);
  });

  test("it does not start once the signal is aborted", async () => {
    const other = newServer(0);
    await expect(other.start(AbortSignal.abort())).rejects.toThrow();
    expect(other.port).toBe(0);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
