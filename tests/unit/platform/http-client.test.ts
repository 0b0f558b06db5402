import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { type ClientTls, httpFetch } from "../../../src/platform/http-client.ts";
import type { Server, ServeTls } from "../../../src/platform/http-listener.ts";
import { serveHttp } from "../../../src/platform/serve.ts";
import { AUTHORITY, CLIENT, SERVER } from "./tls-fixtures.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

async function serve(tls: ServeTls): Promise<string> {
  const served = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    tls,
    handler: () => new Response("secret"),
    idleTimeout: 10_000,
    clock: systemClock,
  });
  if (!served.ok) throw new Error(served.fault.message);
  servers.push(served.value);
  return `https://127.0.0.1:${served.value.port}/`;
}

async function read(url: string, tls?: ClientTls): Promise<string> {
  return await (await httpFetch(url, {}, tls)).text();
}

describe("over TLS", () => {
  test("a server is trusted by the authority that issued its certificate, and not without", async () => {
    const url = await serve(SERVER);
    expect(await read(url, { ca: [AUTHORITY] })).toBe("secret");
    await expect(read(url)).rejects.toMatchObject({ code: expect.stringMatching(/CERT|VERIFY|ISSUER/) });
  });

  test("a server that wants client certificates answers only who shows a good one", async () => {
    const url = await serve({ ...SERVER, clientCa: [AUTHORITY] });
    expect(await read(url, { ca: [AUTHORITY], ...CLIENT })).toBe("secret");
    await expect(read(url, { ca: [AUTHORITY] })).rejects.toThrow();
  });

  test("a server that wants none takes one all the same", async () => {
    const url = await serve(SERVER);
    expect(await read(url, { ca: [AUTHORITY], ...CLIENT })).toBe("secret");
  });
});

test("a proxy of the environment is not used", async () => {
  const before = process.env.http_proxy;
  process.env.http_proxy = "http://127.0.0.1:1";
  try {
    const served = await serveHttp({
      hostname: "127.0.0.1",
      port: 0,
      handler: () => new Response("direct"),
      idleTimeout: 10_000,
      clock: systemClock,
    });
    if (!served.ok) throw new Error(served.fault.message);
    servers.push(served.value);
    expect(await read(`http://127.0.0.1:${served.value.port}/`)).toBe("direct");
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
});
