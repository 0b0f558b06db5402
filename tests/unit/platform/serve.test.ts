import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock } from "../../../src/base/clock.ts";
import { startBunServer } from "../../../src/platform/bun-server.ts";
import type { ServeOptions, Server } from "../../../src/platform/http-listener.ts";
import { watchBody } from "../../../src/platform/moving-body.ts";
import { serveHttp } from "../../../src/platform/serve.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

async function serve(options: Partial<ServeOptions>): Promise<Server> {
  const served = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    handler: () => new Response("ok"),
    idleTimeout: 10_000,
    clock: systemClock,
    ...options,
  });
  if (!served.ok) throw new Error(served.fault.message);
  servers.push(served.value);
  return served.value;
}

test("a free port is taken and told, and the handler learns who asks", async () => {
  let remote: string | undefined;
  const { port } = await serve({
    handler: (_, info) => {
      remote = info.remote;
      return new Response("hello");
    },
  });
  expect(port).toBeGreaterThan(0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello");
  expect(remote).toBe("127.0.0.1");
});

test("the path reaches the handler neither decoded nor collapsed", async () => {
  const { port } = await serve({ handler: (request) => new Response(new URL(request.url).pathname) });
  const socket = connect(port, "127.0.0.1");
  socket.end("GET /te//a%2Fb%2e%2e%2f///x%00?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  let answer = "";
  for await (const chunk of socket) answer += String(chunk);
  expect(answer).toEndWith("\r\n\r\n/te//a%2Fb%2e%2e%2f///x%00");
});

describe("an address that cannot be listened on is a fault with the text of the system", () => {
  test("a port that is taken, though by this very process", async () => {
    const { port } = await serve({});
    const second = await serveHttp({
      hostname: "127.0.0.1",
      port,
      handler: () => new Response("second"),
      idleTimeout: 10_000,
      clock: systemClock,
    });
    expect(second).toEqual({
      ok: false,
      fault: { code: "address-in-use", message: "Address already in use (os error 98)" },
    });
  });

  test("an address of another machine", async () => {
    const options = {
      hostname: "192.0.2.1",
      port: 0,
      handler: () => new Response(),
      idleTimeout: 1,
      clock: systemClock,
    };
    expect(await serveHttp(options)).toMatchObject({
      fault: { code: "address-not-available", message: "Cannot assign requested address (os error 99)" },
    });
  });

  test("a certificate that is none", async () => {
    const tls = { cert: "no certificate", key: "no key" };
    const options = {
      hostname: "127.0.0.1",
      port: 0,
      tls,
      handler: () => new Response(),
      idleTimeout: 1,
      clock: systemClock,
    };
    expect(await serveHttp(options)).toMatchObject({ fault: { code: "bad-tls" } });
  });
});

describe("stopping", () => {
  test("a running request ends before the server does", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await serve({
      handler: async () => {
        begun.resolve();
        await release.promise;
        return new Response("late");
      },
    });
    const answer = fetch(`http://127.0.0.1:${server.port}/`).then((response) => response.text());
    await begun.promise;
    const stopped = server.stop(60_000);
    release.resolve();
    expect(await answer).toBe("late");
    await stopped;
  });

  test("a request that takes longer than the grace is cut", async () => {
    const begun = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const clock = simulatedClock();
    const server = await serve({
      clock,
      handler: async (request) => {
        request.signal.addEventListener("abort", () => aborted.resolve());
        begun.resolve();
        await aborted.promise;
        return new Response("never seen");
      },
    });
    const answer = fetch(`http://127.0.0.1:${server.port}/`).then(
      () => "answered",
      () => "cut",
    );
    await begun.promise;
    const stopped = server.stop(5_000);
    await clock.advance(5_000);
    await stopped;
    await aborted.promise;
    expect(await answer).toBe("cut");
  });
});

describe("too much at the same time", () => {
  /** A connection, and whether it is closed. */
  function open(port: number): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(socket));
      socket.on("error", reject);
    });
  }

  test("is answered 503, and what runs goes on", async () => {
    const release = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { port } = await serve({
      limits: { most: 1, mostPerClient: 1 },
      handler: async () => {
        begun.resolve();
        await release.promise;
        return new Response("late");
      },
    });
    const first = fetch(`http://127.0.0.1:${port}/`);
    await begun.promise;
    const second = await fetch(`http://127.0.0.1:${port}/`);
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await second.text()).toBe("Too many requests are running");
    release.resolve();
    expect(await (await first).text()).toBe("late");
  });

  test("is cut when it waits for a next request, and what runs goes on", async () => {
    const clock = simulatedClock();
    const release = Promise.withResolvers<void>();
    const { port } = await serve({
      clock,
      limits: { most: 20, mostPerClient: 20 },
      handler: async (request) => {
        if (request.url.endsWith("/late")) await release.promise;
        return new Response("done");
      },
    });
    const idle = await Promise.all(Array.from({ length: 200 }, () => open(port)));
    for (const socket of idle) {
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(socket, "data");
    }
    const running = fetch(`http://127.0.0.1:${port}/late`);
    const closed = Promise.all(idle.map((socket) => once(socket.resume(), "close")));
    await clock.advance(5_000);
    await closed;
    release.resolve();
    expect(await (await running).text()).toBe("done");
  });
});

test("a request whose client is not known is refused where none but known ones may come", async () => {
  const server = startBunServer({
    hostname: "127.0.0.1",
    port: 0,
    handler: () => new Response("served"),
    idleTimeout: 10_000,
    mostRequests: 10,
    clientOf: () => undefined,
    knownOnly: true,
  });
  try {
    expect((await fetch(server.url)).status).toBe(403);
  } finally {
    await server.stop(true);
  }
});

describe("a body", () => {
  const post = (size: number) => new Request("http://x/", { method: "POST", body: new Uint8Array(size) });

  test("makes a step forward with each 4 KiB that are read", async () => {
    let steps = 0;
    const request = post(10_000);
    watchBody(request, () => {
      steps += 1;
    });
    expect(steps).toBe(0);
    let size = 0;
    for await (const chunk of request.body ?? []) size += chunk.byteLength;
    expect(size).toBe(10_000);
    expect(steps).toBeGreaterThan(0);
    expect(request.body).toBe(request.body);
  });

  test("is left to the runtime when that reads it", async () => {
    const request = post(10_000);
    watchBody(request, () => undefined);
    expect((await request.bytes()).byteLength).toBe(10_000);
  });

  test("may be none", () => {
    const request = new Request("http://x/");
    watchBody(request, () => undefined);
    expect(request.body).toBeNull();
  });

  test("that is broken off is told to its reader, and one that is not wanted to its sender", async () => {
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error("gone")),
    });
    const request = new Request("http://x/", { method: "POST", body: broken, ...{ duplex: "half" } });
    watchBody(request, () => undefined);
    await expect(Array.fromAsync(request.body ?? [])).rejects.toThrow("gone");
    const cancelled = Promise.withResolvers<unknown>();
    const unwanted = new Request("http://x/", {
      method: "POST",
      body: new ReadableStream({ cancel: (reason) => cancelled.resolve(reason) }),
      ...{ duplex: "half" },
    });
    watchBody(unwanted, () => undefined);
    await unwanted.body?.cancel("enough");
    expect(await cancelled.promise).toBe("enough");
  });
});
