import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Device, makeDevice } from "./world/device.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { mosquittoPub, mosquittoSub, type Subscriber } from "./world/mosquitto-clients.ts";
import { runToEnd, startProgram } from "./world/program.ts";
import { type RunningTebus, runTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

/** Sends a file where the command says, and takes one from where it says. */
const EXCHANGE = `operation = "exchange"

[init]
action = "proceed"
on_success = "fetch"

[fetch]
action = "download"
input.url = "\${.payload.from}"
on_success = "send"
on_error = "failed"

[send]
action = "upload"
input.url = "\${.payload.to}"
input.path = "\${.payload.downloadedPath}"
on_success = "successful"
on_error = "failed"
`;

const world = new AsyncDisposableStack();
let broker: Mosquitto;
let main: Device;
let mainAgent: RunningTebus;
let logged = "";
let bus: Subscriber;
let child: Device;
let url: string;

beforeAll(async () => {
  broker = world.use(await startMosquitto());
  bus = world.use(await mosquittoSub(broker, ["te/#"]));
  const files = { "operations/exchange.toml": EXCHANGE };
  main = world.use(await makeDevice({ mqttPort: broker.port, config: ['http.authz = "entity"'], files }));
  mainAgent = world.use(await startTebus(["run", "tedge-agent"], main));
  await mainAgent.waitForLog("Ready as device/main//");
  url = `http://127.0.0.1:${main.httpPort}`;
  child = world.use(await makeDevice({ mqttPort: broker.port, files }));
  const token = await create("device/child1", "--read", "firmware");
  const tokenFile = join(child.root, "token");
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  for (const [key, value] of [
    ["http.client.port", String(main.httpPort)],
    ["http.client.auth.token_file", tokenFile],
    ["mqtt.device_topic_id", "device/child1//"],
  ] as const) {
    expect((await runTebus(["config", "set", key, value], child)).code).toBe(0);
  }
  const childAgent = world.use(await startTebus(["run", "tedge-agent"], child));
  await childAgent.waitForLog("Ready as device/child1//");
  await bus.next("te/device/child1//");
});

afterAll(() => world.disposeAsync());

/** Gives the token, once the running agent knows it. */
async function create(entity: string, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTebus(["http-token", "create", entity, ...options], main);
  expect([code, stderr]).toEqual([0, expect.stringContaining("shown only this once")]);
  const token = stdout.trim();
  await waitUntil("the agent knows the token", async () => (await status("/nowhere", token)) !== 401);
  return token;
}

async function ask(path: string, token?: string, ...options: readonly string[]) {
  const authorization = token === undefined ? [] : ["-H", `Authorization: Bearer ${token}`];
  const command = ["curl", "-sS", "--max-time", "10", "--path-as-is", "-w", "\n%{http_code}"];
  const { stdout } = await runToEnd([...command, ...authorization, ...options, `${url}${path}`]);
  const at = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
}

const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;
const PUT = ["-X", "PUT", "--data-binary", "content"];

describe("where http.authz is entity", () => {
  test("a request without a token is refused, and nothing changes", async () => {
    const refused = await ask("/te/v1/entities", undefined, "-i");
    expect(refused.status).toBe(401);
    expect(refused.body.toLowerCase()).toContain('www-authenticate: bearer realm="tedge"');
    expect(refused.body).toContain('{"error":"A token is needed: Authorization: Bearer <token>"}');
    expect(await status("/te/v1/files/child1/x", undefined, ...PUT)).toBe(401);
    expect(await Bun.file(join(main.dataDir, "file-transfer/child1/x")).exists()).toBe(false);
  });

  test("the gateway's own commands have all rights by a file that only its user can read", async () => {
    const listed = await runTebus(["http", "get", "/te/v1/entities"], main);
    expect([listed.code, listed.stderr]).toEqual([0, ""]);
    expect(listed.stdout).toContain("device/child1//");
    expect((await runTebus(["http", "put", "/te/v1/files/firmware/1.bin", "firmware"], main)).code).toBe(0);
    expect((await stat(join(main.configDir, "http-auth/local-token"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(main.configDir, "http-auth"))).mode & 0o777).toBe(0o700);
  });

  test("a child device's commands have the rights of its token", async () => {
    const get = (path: string) => runTebus(["http", "get", path], child);
    expect((await get("/te/v1/entities/device/child1//")).stdout).toContain('"@topic-id":"device/child1//"');
    const refused = await get("/te/v1/entities/device/main//");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("HTTP client error: 403 Forbidden");
    expect(refused.stderr).toContain("device/main// does not belong to it");
    expect((await get("/te/v1/entities")).stderr).toContain("ask for ?root=device/child1//");
  });

  test("the operations of a child device fetch and send files by its token", async () => {
    expect((await runTebus(["http", "put", "/te/v1/files/firmware/1.bin", "firmware"], main)).code).toBe(0);
    const topic = "te/device/child1///cmd/exchange/1";
    await bus.next("te/device/child1///cmd/exchange");
    const request = { status: "init", from: `${url}/te/v1/files/firmware/1.bin`, to: `${url}/te/v1/files/child1/up` };
    await mosquittoPub(broker, topic, JSON.stringify(request), { retain: true });
    expect((await bus.next(topic, /"status":"(successful|failed)"/)).payload).toContain('"status":"successful"');
    expect(await main.read("data/file-transfer/child1/up")).toBe("firmware");
  });

  test("those of the gateway by its own", async () => {
    const topic = "te/device/main///cmd/exchange/2";
    await bus.next("te/device/main///cmd/exchange");
    const request = { status: "init", from: `${url}/te/v1/files/firmware/1.bin`, to: `${url}/te/v1/files/main/up` };
    await mosquittoPub(broker, topic, JSON.stringify(request), { retain: true });
    expect((await bus.next(topic, /"status":"(successful|failed)"/)).payload).toContain('"status":"successful"');
  });

  test("no path leads to the files of others", async () => {
    const token = await create("device/child2");
    expect((await runTebus(["http", "put", "/te/v1/files/other/secret", "the secret"], main)).code).toBe(0);
    const store = join(main.dataDir, "file-transfer");
    for (const path of [
      ...["other/secret", "child2/../other/secret", "child2/%2e%2e/other/secret", "child2%2F..%2Fother%2Fsecret"],
      ...[
        "/child2/../../file-transfer/other/secret",
        `${store}/other/secret`,
        encodeURIComponent(`${store}/other/secret`),
      ],
      ...["./other/secret", "other//secret", "child2/..%2fother/secret", "other%2Fsecret"],
    ]) {
      for (const prefix of ["/te/v1/files/", "/tedge/file-transfer/", "/te/v1/files//", "/te/v1/entities/../files/"]) {
        const answer = await ask(`${prefix}${path}`, token);
        expect([`${prefix}${path}`, answer.status]).toEqual([`${prefix}${path}`, 403]);
        expect(answer.body).not.toContain("the secret");
      }
    }
    expect(await status("/te/v1/files/child2/x", token, ...PUT)).toBe(201);
    expect((await ask("/te/v1/files/child2/x", token)).body).toBe("content");
  });

  test("a token that is revoked does not count from then on, and its streams end", async () => {
    const token = await create("device/child1");
    const stream = ["curl", "-sSN", "--max-time", "20", "-H", `Authorization: Bearer ${token}`];
    await using events = startProgram([...stream, `${url}/te/v1/entities/device/child1///events`]);
    await events.find("the stream has begun", (line) => line.startsWith("id:") || undefined);
    const revoked = await runTebus(["http-token", "revoke", token.split("_")[1] ?? ""], main);
    expect(revoked.code).toBe(0);
    expect(await events.exited).toBe(0);
    const answer = await ask("/te/v1/entities/device/child1//", token);
    expect([answer.status, answer.body]).toEqual([401, '{"error":"The token is not known, or was revoked"}']);
  });

  test("a token counts as long as it was given for, and over a restart of the agent", async () => {
    const lasting = await create("device/child1", "--expires", "1h");
    const brief = await create("device/child1", "--expires", "3s");
    await waitUntil("it expires", async () => (await status("/te/v1/entities/device/child1//", brief)) === 401);
    expect((await ask("/te/v1/entities/device/child1//", brief)).body).toBe('{"error":"The token has expired"}');
    await mainAgent.stop();
    logged += mainAgent.stderr();
    mainAgent = world.use(await startTebus(["run", "tedge-agent"], main));
    await mainAgent.waitForLog("Ready as device/main//");
    expect(await status("/te/v1/entities/device/child1//", lasting)).toBe(200);
  });

  test("no token was written to a log", () => {
    logged += mainAgent.stderr();
    expect(logged).toContain("Tokens read again");
    expect(logged).not.toContain("tebus_");
  });
});
