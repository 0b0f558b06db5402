import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import type { ServeOptions, Server } from "../../../src/platform/http-listener.ts";
import { serveHttp } from "../../../src/platform/serve.ts";

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
    const timers: (() => void)[] = [];
    const clock: Clock = {
      ...systemClock,
      after(_, fire) {
        timers.push(fire);
        return () => undefined;
      },
    };
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
    for (const fire of timers) fire();
    await stopped;
    await aborted.promise;
    expect(await answer).toBe("cut");
  });
});
