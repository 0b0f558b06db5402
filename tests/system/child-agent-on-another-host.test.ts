import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BusProbe, connectProbe } from "./world/bus-probe.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { type NetworkHost, networkHost } from "./world/network-host.ts";
import { runToEnd } from "./world/program.ts";
import { type RunningTebus, runTebus, startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "./world/test-authority.ts";
import { waitUntil } from "./world/wait-until.ts";

/** Fetches a file over HTTPS, gives it to a program, and sends back what that wrote. */
const WORKFLOW = `operation = "shout"

[init]
action = "download"
on_success = "executing"

[executing]
script = "sh -c 'tr a-z A-Z <\${.payload.downloadedPath} >\${.payload.downloadedPath}.big'"
on_success = "sending"

[sending]
action = "upload"
input.url = "\${.payload.answerUrl}"
input.path = "\${.payload.bigPath}"
on_success = "successful"
`;

const world = new AsyncDisposableStack();
let host: NetworkHost;
let broker: Mosquitto;
let main: Device;
let mainAgent: RunningTebus;
let child: Device;
let childAgent: RunningTebus;
let probe: BusProbe;
let secureMqtt: number;
const identity: Record<string, TestIdentity> = {};

beforeAll(async () => {
  const { path } = world.use(await tempDir("pki"));
  host = world.use(await networkHost());
  const authority = makeIdentity(path, "authority", { authority: true });
  const stranger = makeIdentity(path, "stranger-authority", { authority: true });
  const names = `IP:${host.gateway},IP:127.0.0.1`;
  Object.assign(identity, {
    authority,
    server: makeIdentity(path, "gateway", { issuer: authority, names }),
    main: makeIdentity(path, "main", { issuer: authority }),
    child: makeIdentity(path, "child", { issuer: authority }),
    stranger: makeIdentity(path, "stranger", { issuer: stranger }),
  });
  const file = (name: string, what: "certPath" | "keyPath") => identity[name]?.[what] ?? "";
  secureMqtt = await freePort();
  broker = world.use(
    await startMosquitto({
      config: [
        `listener ${secureMqtt} ${host.gateway}`,
        `cafile ${authority.certPath}`,
        `certfile ${file("server", "certPath")}`,
        `keyfile ${file("server", "keyPath")}`,
        "require_certificate true",
      ],
    }),
  );
  probe = world.use(await connectProbe(broker.port, ["te/#"]));
  main = world.use(
    await makeDevice({
      mqttPort: broker.port,
      config: [
        `http.bind.address = "${host.gateway}"`,
        `http.client.host = "${host.gateway}"`,
        `http.cert_path = "${file("server", "certPath")}"`,
        `http.key_path = "${file("server", "keyPath")}"`,
        `http.ca_path = "${authority.certPath}"`,
      ],
    }),
  );
  mainAgent = world.use(await startTebus(["run", "tedge-agent"], main));
  await mainAgent.waitForLog("Ready as device/main//");
  child = world.use(
    await makeDevice({
      mqttPort: secureMqtt,
      config: childConfig("child"),
      files: { "operations/shout.toml": WORKFLOW },
    }),
  );
  childAgent = world.use(await startTebus(["run", "tedge-agent"], { ...child, env: toGateway(), prefix: host.prefix }));
  await childAgent.waitForLog("Ready as device/far//");
});

afterAll(() => world.disposeAsync());

function childConfig(name: string): readonly string[] {
  const { certPath, keyPath } = identity[name] ?? { certPath: "", keyPath: "" };
  return [
    'mqtt.device_topic_id = "device/far//"',
    `mqtt.client.host = "${host.gateway}"`,
    `mqtt.client.auth.ca_file = "${identity.authority?.certPath}"`,
    `mqtt.client.auth.cert_file = "${certPath}"`,
    `mqtt.client.auth.key_file = "${keyPath}"`,
    `http.client.host = "${host.gateway}"`,
    `http.client.auth.cert_file = "${certPath}"`,
    `http.client.auth.key_file = "${keyPath}"`,
    `http.ca_path = "${identity.authority?.certPath}"`,
  ];
}

/** Where the HTTP server of the gateway is, instead of the one that a device of the tests has by itself. */
function toGateway(): Readonly<Record<string, string>> {
  return { TEDGE_HTTP_CLIENT_PORT: String(main.httpPort) };
}

function curlFromThere(as: string | undefined, ...words: readonly string[]) {
  const { certPath, keyPath } = identity[as ?? ""] ?? {};
  const shown = certPath === undefined || keyPath === undefined ? [] : ["--cert", certPath, "--key", keyPath];
  const trust = ["--cacert", identity.authority?.certPath ?? ""];
  return runToEnd([...host.prefix, "curl", "--silent", "--show-error", "--fail", ...trust, ...shown, ...words]);
}

const files = () => `https://${host.gateway}:${main.httpPort}/te/v1/files`;

describe("an agent on another host, with certificates on both sides of MQTT and HTTP,", () => {
  test("is in the twin of the main device, with its service", async () => {
    const url = `https://${host.gateway}:${main.httpPort}/te/v1/entities?root=device/far`;
    const ids = await waitUntil("the service of the child is in the twin", async () => {
      const { stdout } = await curlFromThere("child", url);
      const found: readonly string[] = [...stdout.matchAll(/"@topic-id":"([^"]*)"/g)].map(([, id = ""]) => id);
      return found.length > 1 && found;
    });
    expect(ids).toEqual(["device/far//", "device/far/service/tedge-agent"]);
  });

  test("fetches the file of a command from the gateway and sends its answer there", async () => {
    const given = await curlFromThere("main", "--request", "PUT", "--data-binary", "hello", `${files()}/far/shout/1`);
    expect(given).toMatchObject({ code: 0, stderr: "" });
    const topic = "te/device/far///cmd/shout/1";
    const bigPath = join(child.root, "tmp", "shout_1.big");
    const answerUrl = `${files()}/far/shout/1-answer`;
    const request = { status: "init", tedgeUrl: `${files()}/far/shout/1`, answerUrl, bigPath };
    await probe.publish(topic, JSON.stringify(request), { retain: true });
    const end = await probe.waitFor(
      "the command ends",
      (message) => message.topic === topic && /"status":"(successful|failed)"/.test(message.payload),
    );
    expect(JSON.parse(end.payload)).toMatchObject({ status: "successful" });
    expect(await readFile(join(main.dataDir, "file-transfer/far/shout/1-answer"), "utf8")).toBe("HELLO");
  });

  test("is the only kind of client that comes in: one without a certificate, or with one of another authority, does not", async () => {
    for (const as of [undefined, "stranger"]) {
      const refused = await curlFromThere(as, `${files()}/far/shout/1-answer`);
      expect([as, refused.code === 0]).toEqual([as, false]);
    }
  });

  test("says in its log why the broker does not let it in when its certificate is of another authority", async () => {
    await using unknown = await makeDevice({ mqttPort: secureMqtt, config: childConfig("stranger") });
    await using agent = await startTebus(["run", "tedge-agent"], { ...unknown, prefix: host.prefix });
    await agent.waitForLog("certificate");
    expect(agent.stderr()).toContain("it does not accept the client certificate");
  });

  test("reads over HTTPS what it may by `tedge http`", async () => {
    const words = ["http", "get", "/te/v1/entities/device/far//"];
    const { stdout, stderr, code } = await runTebus(words, { ...child, env: toGateway(), prefix: host.prefix });
    expect([stderr, code]).toEqual(["", 0]);
    expect(JSON.parse(stdout)).toMatchObject({ "@topic-id": "device/far//" });
  });
});
