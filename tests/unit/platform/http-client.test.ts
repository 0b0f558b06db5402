import { afterEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { type ClientTls, type HttpProxy, httpFetch } from "../../../src/platform/http-client.ts";
import type { Server, ServeTls } from "../../../src/platform/http-listener.ts";
import { serveHttp } from "../../../src/platform/serve.ts";
import { startTestProxy } from "./test-proxy.ts";
import { AUTHORITY, CLIENT, SERVER } from "./tls-fixtures.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

async function serve(tls?: ServeTls): Promise<string> {
  const served = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    ...(tls === undefined ? {} : { tls }),
    handler: async (request) => new Response(`${request.method} secret ${await request.text()}`.trim()),
    idleTimeout: 10_000,
    clock: systemClock,
  });
  if (!served.ok) throw new Error(served.fault.message);
  servers.push(served.value);
  return `${tls === undefined ? "http" : "https"}://127.0.0.1:${served.value.port}/`;
}

async function read(url: string, tls?: ClientTls): Promise<string> {
  return await (await httpFetch(url, {}, tls === undefined ? {} : { tls })).text();
}

describe("over TLS", () => {
  test("a server is trusted by the authority that issued its certificate, and not without", async () => {
    const url = await serve(SERVER);
    expect(await read(url, { ca: [AUTHORITY] })).toBe("GET secret");
    await expect(read(url)).rejects.toMatchObject({ code: expect.stringMatching(/CERT|VERIFY|ISSUER/) });
  });

  test("a server that wants client certificates answers only who shows a good one", async () => {
    const url = await serve({ ...SERVER, clientCa: [AUTHORITY] });
    expect(await read(url, { ca: [AUTHORITY], ...CLIENT })).toBe("GET secret");
    await expect(read(url, { ca: [AUTHORITY] })).rejects.toThrow();
  });

  test("a server that wants none takes one all the same", async () => {
    const url = await serve(SERVER);
    expect(await read(url, { ca: [AUTHORITY], ...CLIENT })).toBe("GET secret");
  });
});

describe("through a proxy", () => {
  const credentials = { username: "user", password: "p@ss:wörd" };
  const authorization = `Basic ${Buffer.from("user:p@ss:wörd").toString("base64")}`;
  const tls = { ca: [AUTHORITY], ...CLIENT };
  const over = async (url: string, proxy: HttpProxy, init: RequestInit = {}) =>
    await (await httpFetch(url, init, { tls, proxy })).text();

  test("plain HTTP goes by its whole URL, with the credentials", async () => {
    await using proxy = await startTestProxy({ authorization });
    const url = await serve();
    expect(await over(url, { url: `http://127.0.0.1:${proxy.port}`, credentials })).toBe("GET secret");
    expect(proxy.requests).toEqual([`GET ${url} HTTP/1.1`]);
  });

  test("HTTPS goes through a tunnel, with the client certificate for the server behind it", async () => {
    await using proxy = await startTestProxy({ authorization });
    const url = await serve({ ...SERVER, clientCa: [AUTHORITY] });
    expect(await over(url, { url: `http://127.0.0.1:${proxy.port}`, credentials })).toBe("GET secret");
    expect(proxy.requests).toEqual([`CONNECT ${new URL(url).host} HTTP/1.1`]);
  });

  test("a server behind a tunnel has to be trusted all the same", async () => {
    await using proxy = await startTestProxy();
    const url = await serve(SERVER);
    await expect(httpFetch(url, {}, { proxy: { url: `http://127.0.0.1:${proxy.port}` } })).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|VERIFY|ISSUER/),
    });
  });

  test("the proxy itself may be spoken to by TLS", async () => {
    await using proxy = await startTestProxy({ authorization, tls: SERVER });
    const url = `https://localhost:${proxy.port}`;
    expect(await over(await serve(), { url, credentials })).toBe("GET secret");
    expect(await over(await serve(SERVER), { url, credentials })).toBe("GET secret");
    expect(proxy.requests.map((line) => line.split(" ")[0])).toEqual(["GET", "CONNECT"]);
  });

  test("a body is streamed", async () => {
    await using proxy = await startTestProxy();
    const body = new Blob(["x".repeat(300_000)]).stream();
    const init: RequestInit & { duplex: "half" } = { method: "PUT", duplex: "half", body };
    const text = await over(await serve(SERVER), { url: `http://127.0.0.1:${proxy.port}` }, init);
    expect(text).toBe(`PUT secret ${"x".repeat(300_000)}`);
  });

  test("a proxy that refuses the tunnel says why", async () => {
    await using proxy = await startTestProxy({ authorization });
    const url = await serve(SERVER);
    await expect(over(url, { url: `http://127.0.0.1:${proxy.port}` })).rejects.toMatchObject({ status: 407 });
  });
});

test("redirects are left to whoever asks", async () => {
  const served = await serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    handler: () => new Response(null, { status: 307, headers: { location: "/elsewhere" } }),
    idleTimeout: 10_000,
    clock: systemClock,
  });
  if (!served.ok) throw new Error(served.fault.message);
  servers.push(served.value);
  const response = await httpFetch(`http://127.0.0.1:${served.value.port}/`, {});
  expect([response.status, response.headers.get("location")]).toEqual([307, "/elsewhere"]);
});

test("a proxy of the environment is not used, and its exceptions are not ours", async () => {
  const before = { http_proxy: process.env.http_proxy, no_proxy: process.env.no_proxy };
  Object.assign(process.env, { http_proxy: "http://127.0.0.1:1", no_proxy: "127.0.0.1" });
  try {
    const url = await serve();
    expect(await read(url)).toBe("GET secret");
    await using proxy = await startTestProxy();
    await (await httpFetch(url, {}, { proxy: { url: `http://127.0.0.1:${proxy.port}` } })).text();
    expect(proxy.requests).toHaveLength(1);
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});
