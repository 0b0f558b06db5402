import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { exec } from "../../src/base/exec.ts";
import { transient } from "../../src/bus/message.ts";
import { mqttWire } from "../../src/bus/mqtt-wire.ts";
import { packetWire } from "../../src/bus/packet-wire.ts";
import type { BrokerTls } from "../../src/bus/session.ts";
import { sessionClient } from "./session-client.ts";
import { freePort } from "./world/free-port.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { type TempDir, tempDir } from "./world/temp-dir.ts";

let directory: TempDir;
let broker: Mosquitto;
let port: number;
const pem: Record<string, string> = {};

beforeAll(async () => {
  directory = await tempDir("tls");
  for (const ca of ["ca", "other-ca"]) {
    await openssl("req", "-x509", "-keyout", `${ca}.key`, "-out", `${ca}.pem`, "-subj", `/CN=${ca}`, ...NEW_KEY);
  }
  await certify("server", "ca", "subjectAltName=DNS:broker.test,IP:127.0.0.1");
  await certify("client", "ca", "extendedKeyUsage=clientAuth");
  await certify("stranger", "other-ca", "extendedKeyUsage=clientAuth");
  for (const name of ["ca", "other-ca", "client", "stranger"]) {
    pem[name] = await readFile(join(directory.path, `${name}.pem`), "utf8");
    pem[`${name} key`] = await readFile(join(directory.path, `${name}.key`), "utf8");
  }
  port = await freePort();
  const file = (name: string) => join(directory.path, name);
  broker = await startMosquitto({
    config: [
      `listener ${port} 127.0.0.1`,
      `cafile ${file("ca.pem")}`,
      `certfile ${file("server.pem")}`,
      `keyfile ${file("server.key")}`,
      "require_certificate true",
    ],
  });
}, 30_000);

afterAll(async () => {
  await broker?.dispose();
  await directory?.remove();
});

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

async function openssl(...args: readonly string[]): Promise<void> {
  const result = await exec("openssl", args, { cwd: directory.path, clock: systemClock, timeout: 10_000 });
  if (!result.ok || result.value.kind !== "exited" || result.value.code !== 0) {
    throw new Error(`openssl ${args[0]} failed: ${JSON.stringify(result)}`);
  }
}

async function certify(name: string, ca: string, extension: string): Promise<void> {
  await openssl(
    ...["req", "-x509", "-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-keyout", `${name}.key`, "-out", `${name}.pem`],
    ...["-subj", `/CN=${name}`, "-addext", extension, "-addext", "basicConstraints=critical,CA:FALSE", ...NEW_KEY],
  );
}

const own = (name: string) => ({ cert: pem[name] ?? "", key: pem[`${name} key`] ?? "" });

describe.each([
  ["MQTT.js", mqttWire],
  ["packets over a socket", packetWire(systemClock)],
] as const)("over TLS, by the wire of %s,", (_name, wire) => {
  const client = (tls: BrokerTls, at = port) => sessionClient({ host: "127.0.0.1", port: at, tls }, "client", { wire });

  async function faultOf(tls: BrokerTls, at?: number): Promise<string> {
    await using made = client(tls, at);
    return (await made.told("disconnected")).fault.code;
  }

  test("a client with a certificate publishes to a server that it trusts by its authority alone", async () => {
    const tls = { ca: [pem.ca ?? ""], ...own("client") };
    await using made = client(tls);
    await made.session.ready(AbortSignal.timeout(10_000));
    expect(await made.session.publish(transient("x", "y"))).toBe("delivered");
  });

  test("the name to check may be another than the host", async () => {
    const tls = { ca: [pem.ca ?? ""], ...own("client"), serverName: "broker.test" };
    await using made = client(tls);
    await made.session.ready(AbortSignal.timeout(10_000));
  });

  test("a server of an authority that is not given is not trusted", async () => {
    expect(await faultOf({ ca: [pem["other-ca"] ?? ""], ...own("client") })).toBe("server-not-trusted");
    expect(await faultOf(own("client"))).toBe("server-not-trusted");
  });

  test("a server of another name is refused", async () => {
    expect(await faultOf({ ca: [pem.ca ?? ""], ...own("client"), serverName: "cloud.test" })).toBe(
      "server-name-mismatch",
    );
  });

  test("a missing client certificate is told as that", async () => {
    expect(await faultOf({ ca: [pem.ca ?? ""] })).toBe("client-certificate-missing");
  });

  test("a client certificate of a foreign authority is told as that", async () => {
    expect(await faultOf({ ca: [pem.ca ?? ""], ...own("stranger") })).toBe("client-certificate-rejected");
  });

  test("a server that does not speak TLS ends the attempt", async () => {
    expect(["not-tls", "connection-lost"]).toContain(await faultOf({ ca: [pem.ca ?? ""] }, broker.port));
  });
});
