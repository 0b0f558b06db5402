import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { linesWith } from "./world/agent-at-work.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { mosquittoPub, mosquittoSub } from "./world/mosquitto-clients.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";
import { type TempDir, tempDir } from "./world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "./world/test-authority.ts";
import { waitUntil } from "./world/wait-until.ts";

const USER = { username: "gateway", password: "s3cret" };
const NAMES = "DNS:localhost,IP:127.0.0.1";

let directory: TempDir;
let authority: TestIdentity;
let stranger: TestIdentity;
let server: TestIdentity;
let client: TestIdentity;

beforeAll(async () => {
  directory = await tempDir("mqtt-tls");
  authority = makeIdentity(directory.path, "authority", { authority: true });
  stranger = makeIdentity(directory.path, "stranger", { authority: true });
  server = makeIdentity(directory.path, "server", { issuer: authority, names: NAMES });
  client = makeIdentity(directory.path, "gateway-7", { issuer: authority });
});

afterAll(() => directory?.remove());

/** A broker that wants a client certificate on a second port, and a password of everybody. */
interface TlsBroker extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly tlsPort: number;
  /** What it shows and trusts, as files that may be replaced before it starts again. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  useIdentity(authority: TestIdentity, identity: TestIdentity): Promise<void>;
}

async function startTlsBroker(name: string, config: readonly string[] = []): Promise<TlsBroker> {
  const path = (part: string) => join(directory.path, `${name}-${part}`);
  const files = { ca: path("ca.pem"), cert: path("cert.pem"), key: path("key.pem") };
  const useIdentity = async (trusted: TestIdentity, identity: TestIdentity) => {
    await copyFile(trusted.certPath, files.ca);
    await copyFile(identity.certPath, files.cert);
    await copyFile(identity.keyPath, files.key);
  };
  await useIdentity(authority, server);
  const tlsPort = await freePort();
  const broker = await startMosquitto({
    users: { [USER.username]: USER.password },
    config: [
      `listener ${tlsPort} 127.0.0.1`,
      `cafile ${files.ca}`,
      `certfile ${files.cert}`,
      `keyfile ${files.key}`,
      "require_certificate true",
      ...config,
    ],
  });
  return { broker, tlsPort, files, useIdentity, [Symbol.asyncDispose]: () => broker.dispose() };
}

interface Settings {
  readonly ca?: string;
  readonly identity?: TestIdentity;
  readonly password?: string;
  readonly files?: Readonly<Record<string, string>>;
}

async function makeTlsDevice(port: number, settings: Settings = {}): Promise<Device> {
  const { ca = authority.certPath, identity = client, password = USER.password, files = {} } = settings;
  const passwordFile = join(directory.path, `password-${port}`);
  await writeFile(passwordFile, `${password}\nsecond line\n`);
  return await makeDevice({
    mqttPort: port,
    config: [
      `mqtt.client.auth.ca_file = "${ca}"`,
      `mqtt.client.auth.cert_file = "${identity.certPath}"`,
      `mqtt.client.auth.key_file = "${identity.keyPath}"`,
      `mqtt.client.auth.username = "${USER.username}"`,
      `mqtt.client.auth.password_file = "${passwordFile}"`,
    ],
    files,
  });
}

function run({ configDir }: Device, ...args: readonly string[]): Promise<RunningTebus> {
  return startTebus(["run", ...args], { configDir });
}

const READY = "Ready as device/main//";

/** The line that tells why there is no connection. */
async function reason(agent: RunningTebus): Promise<string> {
  await agent.waitForLog(" WARN mqtt: ");
  return linesWith(agent.stderr(), " WARN mqtt: ")[0]?.replace(/^.* WARN mqtt: /, "") ?? "";
}

describe("an agent", () => {
  test("joins a broker that wants TLS, a client certificate and a password, and so does everything it starts", async () => {
    await using at = await startTlsBroker("all");
    await using device = await makeTlsDevice(at.tlsPort);
    await using agent = await run(device, "tedge-agent");
    await agent.waitForLog(READY);
    await using subscriber = await mosquittoSub({ port: at.broker.port, ...USER }, ["te/#"]);
    await subscriber.next("te/device/main/service/tedge-agent/status/health", /"status":"up"/);
    expect(at.broker.log()).toMatch(/New client connected from 127\.0\.0\.1:\d+ as tedge-agent#te\/device\/main\/\/ /);
    await mosquittoPub({ port: at.broker.port, ...USER }, "te/device/child///m/", '{"t":1}');
    await subscriber.next("te/device/child//", /"@type":"child-device"/);
    expect(linesWith(agent.stderr(), " WARN mqtt: ")).toEqual([]);
  });

  const WRONG: Readonly<Record<string, readonly [() => Settings, RegExp]>> = {
    "a broker of an authority that it does not know": [() => ({ ca: stranger.certPath }), /certificate/i],
    "a client certificate of an authority that the broker does not know": [
      () => ({ identity: stranger }),
      /certificate|unknown ca/i,
    ],
    "a wrong password": [() => ({ password: "wrong" }), /does not authorize this client/],
  };

  test.each(Object.entries(WRONG))(
    "says in one line what is wrong, and goes on trying: %s",
    async (what, [settings, why]) => {
      await using at = await startTlsBroker(`wrong-${Object.keys(WRONG).indexOf(what)}`);
      await using device = await makeTlsDevice(at.tlsPort, settings());
      await using agent = await run(device, "tedge-agent");
      const told = await reason(agent);
      expect(told).toMatch(why);
      expect(told).toContain("127.0.0.1");
      const attempts = () => at.broker.log().split(`on port ${at.tlsPort}.`).length - 1;
      await waitUntil("it tries again", () => attempts() > 2);
      expect(linesWith(agent.stderr(), " WARN mqtt: ").length).toBe(1);
      expect(agent.stderr()).not.toContain(READY);
      expect(agent.stderr()).not.toContain(USER.password);
      expect(await agent.stop()).toBe(0);
    },
  );

  test("recovers by itself when the broker's certificates are mended", async () => {
    await using at = await startTlsBroker("mended");
    const foreign = makeIdentity(directory.path, "foreign", { issuer: stranger, names: NAMES });
    await at.broker.stop();
    await at.useIdentity(stranger, foreign);
    await at.broker.start();
    await using device = await makeTlsDevice(at.tlsPort);
    await using agent = await run(device, "tedge-agent");
    expect(await reason(agent)).toMatch(/certificate/i);
    await at.broker.stop();
    await at.useIdentity(authority, server);
    await at.broker.start();
    await agent.waitForLog(READY, 30_000);
  }, 60_000);

  test("recovers after its own certificate was mended and it was started again", async () => {
    await using at = await startTlsBroker("own");
    const path = (part: string) => join(directory.path, `own-client.${part}`);
    const [certPath, keyPath] = [path("pem"), path("key")];
    const write = async (identity: TestIdentity) => {
      await copyFile(identity.certPath, certPath);
      await copyFile(identity.keyPath, keyPath);
    };
    await write(stranger);
    await using device = await makeTlsDevice(at.tlsPort, { identity: { ...client, certPath, keyPath } });
    const first = await run(device, "tedge-agent");
    await reason(first);
    await first.stop();
    await write(client);
    await using second = await run(device, "tedge-agent");
    await second.waitForLog(READY);
  }, 60_000);

  test("does not start with half an identity or files that are not there", async () => {
    await using device = await makeTlsDevice(1, { ca: "/nowhere/ca.pem" });
    await using agent = await run(device, "tedge-agent");
    expect(await agent.exited).toBe(1);
    expect(agent.stderr()).toContain(
      "Invalid 'mqtt.client.auth.ca_file': failed to read from path /nowhere/ca.pem: No such file or directory (os error 2)",
    );
  });
});

describe("a user-defined mapper", () => {
  test("bridges to a remote broker by TLS with the certificate of the device, whose name is its identity there", async () => {
    await using near = await startTlsBroker("near");
    await using far = await startTlsBroker("far", ["use_identity_as_username true"]);
    await using device = await makeTlsDevice(near.tlsPort, {
      files: {
        "mappers/plant/mapper.toml": mapperToml(far.tlsPort),
        "mappers/plant/bridge/rules.toml": RULES,
      },
    });
    await using tebus = await run(device, "all");
    await tebus.waitForLog("Ready as tedge-mapper-plant");
    const access = { port: near.broker.port, ...USER };
    await using remote = await mosquittoSub({ port: far.broker.port, ...USER }, ["gateways/#"]);
    await waitUntil("the bridge is up", () => far.broker.log().includes(" as gateway-7 "));
    await mosquittoPub(access, "te/device/main///m/", '{"temperature":21.50}');
    const { payload } = await remote.next("gateways/gateway-7/te/device/main///m/");
    expect(payload).toBe('{"temperature":21.50}');
    expect(far.broker.log()).toMatch(/as gateway-7 \([^)]*u'gateway-7'/);
  }, 60_000);

  test("whose remote broker has a certificate of others says so in one line, and works once that is mended", async () => {
    await using near = await startTlsBroker("near-2");
    await using far = await startTlsBroker("far-2", ["use_identity_as_username true"]);
    const foreign = makeIdentity(directory.path, "foreign-2", { issuer: stranger, names: NAMES });
    await far.broker.stop();
    await far.useIdentity(authority, foreign);
    await far.broker.start();
    await using device = await makeTlsDevice(near.tlsPort, {
      files: {
        "mappers/plant/mapper.toml": mapperToml(far.tlsPort),
        "mappers/plant/bridge/rules.toml": RULES,
      },
    });
    await using tebus = await run(device, "tedge-mapper", "plant");
    const isTold = (line: string) => line.includes(`:${far.tlsPort}`) && /certificate/i.test(line);
    await waitUntil("it is told", () => linesWith(tebus.stderr(), " WARN ").some(isTold));
    await far.broker.stop();
    await far.useIdentity(authority, server);
    await far.broker.start();
    await waitUntil("the bridge is up", () => far.broker.log().includes(" as gateway-7 "), { timeout: 40_000 });
  }, 90_000);
});

function mapperToml(port: number): string {
  return `url = "localhost:${port}"
auth_method = "certificate"

[device]
cert_path = "${client.certPath}"
key_path = "${client.keyPath}"
root_cert_path = "${authority.certPath}"
`;
}

const RULES = `local_prefix = "te/"
remote_prefix = "gateways/\${mapper.device.id}/te/"

[[rule]]
topic = "+/+/+/+/m/+"
direction = "outbound"
`;
