import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { startMosquitto } from "./world/mosquitto.ts";
import { type Nginx, startNginx } from "./world/nginx.ts";
import { type Finished, runProgram } from "./world/program.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "./world/test-authority.ts";

let world: AsyncDisposableStack;

beforeAll(() => {
  world = new AsyncDisposableStack();
});

afterAll(() => world.disposeAsync());

function tedgeHttp({ configDir }: Device, ...args: readonly string[]): Promise<Finished> {
  return runTebus(["http", ...args], { configDir });
}

const done = (stdout = "") => ({ code: 0, stdout, stderr: "" });

/** A file of random bytes. */
async function randomFile(path: string, size: number): Promise<string> {
  await runProgram(["sh", "-c", `head -c ${size} /dev/urandom >"$0"`, path]);
  return path;
}

describe("against an agent", () => {
  let at: AgentAtWork;

  beforeAll(async () => {
    at = world.use(await startAgentAtWork());
  }, 30_000);

  const http = (...args: readonly string[]) => tedgeHttp(at.device, ...args);

  test("files are put, got and removed", async () => {
    expect(await http("put", "/te/v1/files/a/b.txt", "text", "--content-type", "text/plain")).toEqual(done());
    expect(await http("get", "/te/v1/files/a/b.txt")).toEqual(done("text"));
    expect(await http("get", "/tedge/file-transfer/a/b.txt")).toEqual(done("text"));
    expect(await http("delete", "/te/v1/files/a/b.txt")).toEqual(done());
    const missing = await http("get", "/te/v1/files/a/b.txt");
    expect(missing).toEqual({
      code: 1,
      stdout: "",
      stderr:
        `Error: failed to GET ${at.url}/te/v1/files/a/b.txt\n\n` +
        'Caused by:\n    HTTP client error: 404 Not Found\n    File not found: "a/b.txt"\n',
    });
  });

  test("a large file goes up and comes back as it is", async () => {
    const file = await randomFile(join(at.device.root, "large"), 50_000_000);
    expect(await http("put", "/te/v1/files/large", "--file", file)).toEqual(done());
    await runProgram(["cmp", file, join(at.device.dataDir, "file-transfer/large")]);
    const compare = `"$0" "$@" | cmp - '${file}'`;
    const { code, stderr } = await runTebus(["http", "get", "/te/v1/files/large"], {
      configDir: at.device.configDir,
      prefix: ["sh", "-c", compare],
    });
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("entities are made, changed and looked at", async () => {
    const child = "/te/v1/entities/device/pump//";
    const registration = '{"@topic-id":"device/pump//","@type":"child-device"}';
    expect(await http("post", "/te/v1/entities", registration)).toEqual(done('{"@topic-id":"device/pump//"}'));
    expect(await http("put", "/te/v1/entities/device/pump///twin/level", "--data", "5")).toEqual(done("5"));
    const twin = "/te/v1/entities/device/pump///twin";
    expect(await http("get", twin, "--accept-type", "application/json")).toEqual(done('{"level":5}'));
    expect((await http("patch", child, '{"@parent":"device/main//"}')).code).toBe(0);
    const refused = await http("post", "/te/v1/entities", "{}", "--content-type", "text/plain");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /HTTP client error: 415 Unsupported Media Type\n {4}Expected request with `Content-/,
    );
    expect((await http("delete", child)).code).toBe(0);
  });
});

describe("against an agent that speaks TLS and wants certificates", () => {
  let authority: TestIdentity;
  let client: TestIdentity;
  let gateway: Device;
  let mqttPort: number;

  const identity = ({ certPath, keyPath }: TestIdentity) => [
    `http.client.auth.cert_file = "${certPath}"`,
    `http.client.auth.key_file = "${keyPath}"`,
  ];

  beforeAll(async () => {
    const { path } = world.use(await tempDir("authority"));
    authority = makeIdentity(path, "authority", { authority: true });
    const server = makeIdentity(path, "server", { issuer: authority, names: "IP:127.0.0.1" });
    client = makeIdentity(path, "client", { issuer: authority });
    mqttPort = world.use(await startMosquitto()).port;
    const tls = [
      `http.cert_path = "${server.certPath}"`,
      `http.key_path = "${server.keyPath}"`,
      `http.ca_path = "${authority.certPath}"`,
    ];
    gateway = world.use(await makeDevice({ mqttPort, config: [...tls, ...identity(client)] }));
    const agent = world.use(await startTebus(["run", "tedge-agent"], { configDir: gateway.configDir }));
    await agent.waitForLog("Ready as device/main//");
  }, 30_000);

  /** Another machine, which knows where the agent is, and of its TLS only what is given. */
  async function child(...config: readonly string[]): Promise<Device> {
    const device = world.use(await makeDevice({ mqttPort, config }));
    const toml = join(device.configDir, "tedge.toml");
    const text = await readFile(toml, "utf8");
    await writeFile(toml, text.replace(/http.client.port = \d+/, `http.client.port = ${gateway.httpPort}`));
    return device;
  }

  test("its own machine reaches it", async () => {
    expect(await tedgeHttp(gateway, "put", "/te/v1/files/x", "text")).toEqual(done());
    expect(await tedgeHttp(gateway, "get", "/te/v1/files/x")).toEqual(done("text"));
  });

  test("a child device that does not know of TLS is led there, also with a file", async () => {
    const device = await child(`c8y.root_cert_path = "${authority.certPath}"`, ...identity(client));
    const file = await randomFile(join(device.root, "file.bin"), 5_000_000);
    expect(await tedgeHttp(device, "put", "/te/v1/files/from-child", "--file", file)).toEqual(done());
    await runProgram(["cmp", file, join(gateway.dataDir, "file-transfer/from-child")]);
    expect(await tedgeHttp(device, "put", "/te/v1/files/y", "text")).toEqual(done());
    expect(await tedgeHttp(device, "get", "/te/v1/files/y")).toEqual(done("text"));
  });

  test("who does not trust it is told what to do", async () => {
    const { code, stderr } = await tedgeHttp(await child(...identity(client)), "get", "/te/v1/files/y");
    expect(code).toBe(1);
    expect(stderr).toContain("must be issued by an authority of /etc/ssl/certs or of http.ca_path");
  });

  test("who shows no certificate is told what to do", async () => {
    const stranger = await child(`http.ca_path = "${authority.certPath}"`);
    const { code, stderr } = await tedgeHttp(stranger, "get", "/te/v1/files/y");
    expect(code).toBe(1);
    expect(stderr).toContain("http.client.auth.cert_file");
  });
});

describe("against the Cumulocity proxy", () => {
  let proxy: Nginx;
  let other: Nginx;
  let device: Device;

  beforeAll(async () => {
    proxy = world.use(await startNginx());
    other = world.use(await startNginx());
    const config = [
      `c8y.proxy.client.port = ${proxy.port}`,
      `c8y.profiles.two.proxy.client.port = ${other.port}`,
      'c8y.profiles.two.url = "two.example"',
    ];
    device = world.use(await makeDevice({ mqttPort: 1, config }));
  }, 30_000);

  test("requests go to that of the profile", async () => {
    expect(await tedgeHttp(device, "put", "/c8y/a/b", "one")).toEqual(done());
    expect(await readFile(join(proxy.directory, "c8y/a/b"), "utf8")).toBe("one");
    expect(await tedgeHttp(device, "put", "/c8y/a/b", "two", "--profile", "two")).toEqual(done());
    expect(await tedgeHttp(device, "get", "/c8y/a/b", "--profile", "two")).toEqual(done("two"));
    expect(await tedgeHttp(device, "get", "/c8y/a/b")).toEqual(done("one"));
    expect((await tedgeHttp(device, "get", "/c8y/a/b", "--profile", "three")).code).toBe(1);
  });
});

describe("without anybody there", () => {
  test("it is told what to do", async () => {
    await using device = await makeDevice({ mqttPort: 1, config: [`c8y.proxy.client.port = ${await freePort()}`] });
    const agent = await tedgeHttp(device, "get", "/te/v1/entities");
    expect(agent.code).toBe(1);
    expect(agent.stderr).toMatch(/^Error: failed to GET http:\/\/127\.0\.0\.1:\d+\/te\/v1\/entities\n\nCaused by:\n/);
    expect(agent.stderr).toMatch(/1: Connection refused \(os error 111\)\n {4}2: Is tedge-agent running there\?/);
    const mapper = await tedgeHttp(device, "put", "/c8y/x", "--file", join(device.configDir, "tedge.toml"));
    expect(mapper).toMatchObject({ code: 1, stderr: expect.stringContaining("Is tedge-mapper-c8y running there?") });
    const missing = await tedgeHttp(device, "put", "/te/v1/files/x", "--file", join(device.root, "missing"));
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/Can't open a file ".*\/missing"/) });
  });

  test.each([
    [1, "missing configuration parameter", ["get", "te/v1/entities"]],
    [2, "content to send is missing", ["put", "/te/v1/files/x"]],
    [2, "only once", ["put", "/te/v1/files/x", "a", "--data", "b"]],
    [2, "not a MIME type", ["post", "/te/v1/entities", "{}", "--content-type", "json"]],
    [2, "unknown option", ["delete", "/te/v1/files/x", "--accept-type", "a/b"]],
  ])("it ends with %d, telling %p: %j", async (code, text, args) => {
    await using device = await makeDevice({ mqttPort: 1 });
    expect(await tedgeHttp(device, ...args)).toMatchObject({ code, stderr: expect.stringContaining(text) });
  });
});
