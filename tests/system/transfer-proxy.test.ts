import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TRANSFER_WORKFLOWS } from "./transfer-workflows.ts";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { type Nginx, startNginx } from "./world/nginx.ts";
import { runCommand } from "./world/run-command.ts";
import { type Squid, startSquid } from "./world/squid.ts";
import { tempDir } from "./world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "./world/test-authority.ts";

const USER = { name: "device", password: "p@ss:w" };
const CONTENT = "content ".repeat(100_000);

// Nobody but squid knows the name `cloud.test`, so what reaches that server went through squid.
let world: AsyncDisposableStack;
let authority: TestIdentity;
let client: TestIdentity;
let cloud: Nginx;
let plain: Nginx;
let squid: Squid;

beforeAll(async () => {
  world = new AsyncDisposableStack();
  const { path } = world.use(await tempDir("authority"));
  authority = makeIdentity(path, "authority", { authority: true });
  const tls = makeIdentity(path, "server", { issuer: authority, names: "DNS:cloud.test,DNS:localhost" });
  client = makeIdentity(path, "client", { issuer: authority });
  cloud = world.use(await startNginx({ tls, clientCa: authority.certPath }));
  plain = world.use(
    await startNginx({ config: [`location /moved { return 302 https://cloud.test:${cloud.port}/file; }`] }),
  );
  squid = world.use(await startSquid({ tls, user: USER, hosts: ["cloud.test"] }));
  for (const { directory } of [cloud, plain]) await writeFile(join(directory, "file"), CONTENT);
}, 60_000);

afterAll(() => world?.disposeAsync());

function start(address: string, password = USER.password): Promise<AgentAtWork> {
  return startAgentAtWork({
    files: TRANSFER_WORKFLOWS,
    config: [
      `proxy.address = "${address}"`,
      `proxy.username = "${USER.name}"`,
      `proxy.password = "${password}"`,
      `c8y.root_cert_path = "${authority.certPath}"`,
      `http.client.auth.cert_file = "${client.certPath}"`,
      `http.client.auth.key_file = "${client.keyPath}"`,
    ],
  });
}

/** What squid was asked for while `act` ran, but for tunnels: it tells of one at its end, and it is used again and again. */
async function asked(act: () => Promise<void>): Promise<readonly string[]> {
  const before = (await squid.requests()).length;
  await act();
  return (await squid.requests()).slice(before);
}

describe.each([
  ["plain HTTP", () => `http://127.0.0.1:${squid.port}`],
  ["TLS", () => `https://localhost:${squid.tlsPort}`],
])("an agent behind a proxy that is spoken to by %s and wants a password", (_name, address) => {
  let agent: AgentAtWork;

  beforeAll(async () => {
    agent = await start(address());
  }, 60_000);

  afterAll(() => agent?.[Symbol.asyncDispose]());

  const fetchFrom = async (url: string) => {
    const to = join(agent.device.root, "fetched");
    const end = await runCommand(agent, "fetch", { tedgeUrl: url, to });
    expect(end).toMatchObject({ status: "successful" });
    expect(await readFile(to, "utf8")).toBe(CONTENT);
  };

  test("downloads over TLS through a tunnel, and shows its certificate at the other end", async () => {
    await fetchFrom(`https://cloud.test:${cloud.port}/file`);
    expect((await cloud.requests()).at(-1)).toBe("GET /file HTTP/1.1 200 - CN=client");
  });

  test("downloads over plain HTTP by the whole URL", async () => {
    const url = `http://cloud.test:${plain.port}/file`;
    expect(await asked(() => fetchFrom(url))).toEqual([`TCP_MISS/200 GET ${url} device`]);
  });

  test("follows a redirect from plain HTTP to TLS through it", async () => {
    const url = `http://cloud.test:${plain.port}/moved`;
    expect(await asked(() => fetchFrom(url))).toEqual([`TCP_MISS/302 GET ${url} device`]);
    expect((await cloud.requests()).at(-1)).toBe("GET /file HTTP/1.1 200 - CN=client");
  });

  test("uploads through it", async () => {
    const path = join(agent.device.root, "sent.txt");
    await writeFile(path, CONTENT);
    const end = await runCommand(agent, "send", { path, tedgeUrl: `https://cloud.test:${cloud.port}/new/sent.txt` });
    expect(end).toMatchObject({ status: "successful" });
    expect(await readFile(join(cloud.directory, "new/sent.txt"), "utf8")).toBe(CONTENT);
  });

  test("reaches its own file server without it", async () => {
    const path = join(agent.device.root, "own.txt");
    await writeFile(path, CONTENT);
    const url = `${agent.url}/te/v1/files/own.txt`;
    const requests = await asked(async () => {
      expect(await runCommand(agent, "send", { path, tedgeUrl: url })).toMatchObject({ status: "successful" });
      await fetchFrom(url);
    });
    expect(requests).toEqual([]);
  });
});

test("a proxy that does not know the password is told of at once", async () => {
  await using agent = await start(`http://127.0.0.1:${squid.port}`, "wrong");
  const tunnel = await runCommand(agent, "fetch", { tedgeUrl: `https://cloud.test:${cloud.port}/file`, to: "/x" });
  expect(tunnel.reason).toMatch(/download.*Proxy refused to open a tunnel: 407 Proxy Authentication Required/);
  const request = await runCommand(agent, "fetch", { tedgeUrl: `http://cloud.test:${plain.port}/file`, to: "/x" });
  expect(request.reason).toMatch(/HTTP status client error \(407 Proxy Authentication Required\)/);
}, 60_000);
