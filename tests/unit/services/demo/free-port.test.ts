import { expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { freePort } from "../../../../src/services/demo/free-port.ts";

const HOST = "127.0.0.1";

/** Listens until the end of the scope. */
async function listening(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

test("the preferred port is taken when nobody listens there", async () => {
  const { port } = await (async () => {
    await using server = await listening(0);
    return { port: server.port };
  })();
  expect(await freePort(HOST, port)).toBe(port);
});

test("another one is given when somebody does, which can be listened on", async () => {
  await using server = await listening(0);
  const port = await freePort(HOST, server.port);
  expect(port).not.toBe(server.port);
  await using other = await listening(port);
  expect(other.port).toBe(port);
});

test("no preference gives any free port", async () => {
  expect(await freePort(HOST, 0)).toBeGreaterThan(0);
});

test("a host that is not this machine gives the preferred port back, so that listening there says why", async () => {
  expect(await freePort("192.0.2.1", 8000)).toBe(8000);
});
