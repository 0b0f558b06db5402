import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { systemClock } from "../../../src/base/clock.ts";
import type { ServeOptions, Server } from "../../../src/platform/http-listener.ts";
import { serveHttp } from "../../../src/platform/serve.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { type TempDir, tempDir } from "../../system/world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "../../system/world/test-authority.ts";
import { AUTHORITY, CLIENT, SERVER } from "./tls-fixtures.ts";

let directory: TempDir;
let renewed: TestIdentity;
const world: (() => unknown)[] = [];

beforeAll(async () => {
  directory = await tempDir("door");
  renewed = makeIdentity(directory.path, "renewed", { names: "IP:127.0.0.1" });
});

afterAll(() => directory.remove());

afterEach(async () => {
  for (const end of world.splice(0).reverse()) await end();
});

async function serve(options: Partial<ServeOptions> = {}): Promise<Server> {
  const served = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    tls: SERVER,
    handler: () => new Response("ok"),
    idleTimeout: 10_000,
    clock: systemClock,
    ...options,
  });
  if (!served.ok) throw new Error(served.fault.message);
  world.push(() => served.value.stop(0));
  return served.value;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  world.push(() => socket.destroy());
  await once(socket, "connect");
  return socket.on("error", () => undefined);
}

/** A connection over which TLS is spoken; its server must be trusted by `ca`. */
async function openTls(port: number, ca: string = AUTHORITY): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "127.0.0.1", ca });
  world.push(() => socket.destroy());
  await once(socket, "secureConnect");
  return socket.on("error", () => undefined);
}

/** All that comes until the server closes, however it does. */
async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
  });
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return text;
}

const GET = "GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/** A port behind which every byte of the client goes to the server on `port` by itself. */
async function byteByByte(port: number): Promise<number> {
  const server = createServer((client) => {
    const far = connect(port, "127.0.0.1").setNoDelay(true);
    far.pipe(client).on("error", () => undefined);
    client.on("error", () => far.destroy());
    client.on("data", (chunk: Uint8Array) => {
      for (const byte of chunk) far.write(Uint8Array.of(byte));
    });
  });
  world.push(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

describe("a port on which TLS is spoken", () => {
  test("serves TLS, also when it comes byte by byte, and tells who asks", async () => {
    const { port } = await serve({ handler: (_, info) => new Response(`for ${info.remote}`) });
    for (const to of [port, await byteByByte(port)]) {
      const socket = await openTls(to);
      socket.write(GET);
      expect(await readAll(socket)).toEndWith("\r\n\r\nfor 127.0.0.1");
    }
  });

  test("redirects plain HTTP, also when it comes byte by byte, and whatever the method", async () => {
    const { port } = await serve();
    for (const [to, method] of [
      [port, "GET"],
      [await byteByByte(port), "PUT"],
    ] as const) {
      const socket = await open(to);
      socket.write(`${method} /te//x?y HTTP/1.1\r\nHost: gateway:8000\r\n\r\n`);
      expect(await readAll(socket)).toMatch(
        /^HTTP\/1\.1 307 [^\r]*\r\nLocation: https:\/\/gateway:8000\/te\/\/x\?y\r\n/,
      );
    }
  });

  test("lets a client finish its body before the redirect is read", async () => {
    const { port } = await serve();
    const socket = await open(port);
    socket.write("PUT /x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 500000\r\n\r\n");
    socket.write("x".repeat(500_000));
    expect(await readAll(socket)).toStartWith("HTTP/1.1 307 ");
  });

  test("demands client certificates of TLS only", async () => {
    const { port } = await serve({ tls: { ...SERVER, clientCa: [AUTHORITY] } });
    const plain = await open(port);
    plain.write(GET);
    expect(await readAll(plain)).toStartWith("HTTP/1.1 307 ");
    const url = `https://127.0.0.1:${port}/`;
    await expect(fetch(url, { tls: { ca: AUTHORITY } })).rejects.toThrow();
    expect((await fetch(url, { tls: { ca: AUTHORITY, ...CLIENT } })).status).toBe(200);
  });

  test("moves much in both directions without changing a byte, for a client that reads in bursts too", async () => {
    const content = new Uint8Array(8_000_000).map((_, index) => (index * 31) % 251);
    const { port } = await serve({
      handler: async (request) => new Response(request.method === "PUT" ? await request.bytes() : content),
    });
    const url = `https://127.0.0.1:${port}/`;
    const echo = await fetch(url, { method: "PUT", body: content, tls: { ca: AUTHORITY } });
    expect(Bun.hash(await echo.bytes())).toBe(Bun.hash(content));
    const socket = await openTls(port);
    socket.write(GET);
    const chunks: Uint8Array[] = [];
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      socket.pause();
      setImmediate(() => socket.resume());
    });
    await once(socket, "close");
    const answer = Buffer.concat(chunks);
    expect(Bun.hash(new Uint8Array(answer.subarray(answer.indexOf("\r\n\r\n") + 4)))).toBe(Bun.hash(content));
  });
});

describe("a client that is slow", () => {
  test.each([
    ["to send its first byte", ""],
    ["to send the head of plain HTTP", "GET / HTTP/1.1\r\n"],
  ])("%s is cut after ten seconds", async (_what, sent) => {
    const clock = simulatedClock();
    const { port } = await serve({ clock });
    const socket = await open(port);
    socket.write(sent);
    const cut = readAll(socket);
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
    // Whatever of the beginning has arrived by now, ten seconds later and ten more the rest is missing.
    await clock.advance(10_000);
    await clock.advance(10_000);
    expect(await cut).toBe("");
  });
});

describe("another certificate", () => {
  test("is for new connections, and cuts no request that runs", async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serve({
      handler: async (request) => {
        begun.resolve();
        return new Response(`got ${await request.text()}`);
      },
    });
    const running = await openTls(server.port);
    running.write("PUT /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 6\r\n\r\nabc");
    await begun.promise;
    expect(await server.changeTls(renewed)).toEqual({ ok: true, value: undefined });
    const next = await openTls(server.port, renewed.cert);
    next.write(GET);
    expect(await readAll(next)).toContain(" 200 OK\r\n");
    await expect(openTls(server.port)).rejects.toThrow();
    running.write("def");
    expect(await readAll(running)).toEndWith("got abcdef");
  });

  test("ends what waits for a next request with the earlier one", async () => {
    const server = await serve();
    const idle = await openTls(server.port);
    idle.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(idle, "data");
    await server.changeTls(renewed);
    expect(await readAll(idle)).toBe("");
  });

  test("that is none changes nothing", async () => {
    const server = await serve();
    for (const tls of [
      { cert: "none", key: "none" },
      { cert: renewed.cert, key: SERVER.key },
    ]) {
      expect(await server.changeTls(tls)).toMatchObject({ ok: false, fault: { code: "bad-tls" } });
    }
    const socket = await openTls(server.port);
    socket.write(GET);
    expect(await readAll(socket)).toContain(" 200 OK\r\n");
  });

  test("may change the authorities of clients", async () => {
    const server = await serve();
    const url = `https://127.0.0.1:${server.port}/`;
    expect((await fetch(url, { tls: { ca: AUTHORITY }, keepalive: false })).status).toBe(200);
    await server.changeTls({ ...SERVER, clientCa: [AUTHORITY] });
    await expect(fetch(url, { tls: { ca: AUTHORITY }, keepalive: false })).rejects.toThrow();
  });

  test("is refused by a server of plain HTTP", async () => {
    for (const options of [{ tls: undefined }, { tls: undefined, hostname: "0.0.0.0" }]) {
      const { tls: _, ...plain } = { ...options };
      const served = await serveHttp({
        hostname: "127.0.0.1",
        port: 0,
        handler: () => new Response("ok"),
        idleTimeout: 10_000,
        clock: systemClock,
        ...plain,
      });
      if (!served.ok) throw new Error(served.fault.message);
      world.push(() => served.value.stop(0));
      expect(await served.value.changeTls(SERVER)).toMatchObject({ ok: false, fault: { code: "unsupported" } });
    }
  });
});

describe("connections beyond the limit", () => {
  test("are closed at once, until one of the others ends", async () => {
    const { port, mostConnections } = await serve({ limits: { most: 2, mostPerClient: 1 } });
    expect(mostConnections).toBe(2);
    const [first] = [await openTls(port), await openTls(port)];
    expect(await readAll(await open(port))).toBe("");
    first?.destroy();
    let answer = "";
    while (answer === "") {
      const socket = await openTls(port).catch(() => undefined);
      socket?.write(GET);
      answer = socket === undefined ? "" : await readAll(socket);
    }
    expect(answer).toContain(" 200 OK\r\n");
  });

  test("are counted for plain HTTP too where other machines can come", async () => {
    const served = await serveHttp({
      hostname: "0.0.0.0",
      port: 0,
      handler: (_, info) => new Response(`for ${info.remote}`),
      idleTimeout: 10_000,
      limits: { most: 1, mostPerClient: 1 },
      clock: systemClock,
    });
    if (!served.ok) throw new Error(served.fault.message);
    world.push(() => served.value.stop(0));
    const socket = await open(served.value.port);
    expect(await readAll(await open(served.value.port))).toBe("");
    socket.write(GET);
    expect(await readAll(socket)).toEndWith("for 127.0.0.1");
  });
});

describe("stopping", () => {
  test("lets a running request end and takes no new connection", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await serve({
      handler: async () => {
        begun.resolve();
        await release.promise;
        return new Response("late");
      },
    });
    const running = await openTls(server.port);
    running.write(GET);
    await begun.promise;
    const stopped = server.stop(60_000);
    await expect(open(server.port)).rejects.toThrow();
    release.resolve();
    expect(await readAll(running)).toEndWith("late");
    await stopped;
  });

  test("cuts what takes longer than the grace, and connections that say nothing", async () => {
    const clock = simulatedClock();
    const begun = Promise.withResolvers<void>();
    const server = await serve({
      clock,
      handler: () => {
        begun.resolve();
        return new Promise<Response>(() => undefined);
      },
    });
    const silent = await open(server.port);
    const running = await openTls(server.port);
    running.write(GET);
    await begun.promise;
    const stopped = server.stop(5_000);
    await clock.advance(5_000);
    await stopped;
    expect([await readAll(silent), await readAll(running)]).toEqual(["", ""]);
    expect(clock.pending).toBe(0);
  });
});

test("a port that is taken is a fault, and leaves nothing behind", async () => {
  const { port } = await serve();
  const second = await serveHttp({
    hostname: "127.0.0.1",
    port,
    tls: SERVER,
    handler: () => new Response("second"),
    idleTimeout: 10_000,
    clock: systemClock,
  });
  expect(second).toEqual({
    ok: false,
    fault: { code: "address-in-use", message: "Address already in use (os error 98)" },
  });
});
