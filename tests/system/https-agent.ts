import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Device, makeDevice } from "./world/device.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { type Finished, runToEnd } from "./world/program.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";
import { makeIdentity, type TestIdentity } from "./world/test-authority.ts";

/** An agent whose HTTP server speaks TLS, with the certificates that it and its clients need, all in `device.root`. */
export interface HttpsAgent extends AsyncDisposable {
  readonly device: Device;
  readonly agent: RunningTebus;
  readonly broker: Mosquitto;
  /** `https://localhost:<port>` */
  readonly url: string;
  readonly certificates: HttpsCertificates;
  /** curl that trusts the server; the body, then a line with the status, goes to stdout. */
  curl(...args: readonly string[]): Promise<Finished>;
}

export interface HttpsCertificates {
  /** Issues the server's certificate by way of an intermediate one, and those of clients. */
  readonly root: TestIdentity;
  readonly intermediate: TestIdentity;
  readonly client: TestIdentity;
  /** Of an authority that the server does not know. */
  readonly stranger: TestIdentity;
  /** Self-signed; the server knows itself. */
  readonly loner: TestIdentity;
  /** What the server is given: its chain and key. */
  readonly certPath: string;
  readonly keyPath: string;
  readonly caPath: string;
}

const NAMES = "DNS:localhost,IP:127.0.0.1";

export interface HttpsAgentOptions {
  /** Clients need a certificate. */
  readonly clientCertificates: boolean;
  readonly config?: readonly string[];
}

/** Resolves once it is on the bus. */
export async function startHttpsAgent({ clientCertificates, config = [] }: HttpsAgentOptions): Promise<HttpsAgent> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const device = stack.use(await makeDevice({ mqttPort: broker.port }));
  const certificates = await makeCertificates(device.root);
  const { certPath, keyPath, caPath, client } = certificates;
  const lines = [
    `http.cert_path = "${certPath}"`,
    `http.key_path = "${keyPath}"`,
    'http.client.host = "localhost"',
    ...(clientCertificates ? [`http.ca_path = "${caPath}"`] : []),
    ...(clientCertificates ? [`http.client.auth.cert_file = "${client.certPath}"`] : []),
    ...(clientCertificates ? [`http.client.auth.key_file = "${client.keyPath}"`] : []),
    ...config,
  ];
  const tedgeToml = join(device.configDir, "tedge.toml");
  await writeFile(tedgeToml, `${await device.read("etc/tedge.toml")}${lines.join("\n")}\n`);
  const agent = stack.use(await startTebus(["run", "tedge-agent"], { configDir: device.configDir }));
  await agent.waitForLog("Ready as device/main//");
  const curl = (...args: readonly string[]) =>
    runToEnd([
      ...["curl", "--silent", "--show-error", "--max-time", "30", "--write-out", "\n%{http_code}"],
      ...["--cacert", certificates.root.certPath, ...args],
    ]);
  const kept = stack.move();
  const url = `https://localhost:${device.httpPort}`;
  return { device, agent, broker, url, certificates, curl, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function makeCertificates(root: string): Promise<HttpsCertificates> {
  const authority = makeIdentity(root, "root", { authority: true });
  const intermediate = makeIdentity(root, "intermediate", { authority: true, issuer: authority });
  const elsewhere = makeIdentity(root, "elsewhere", { authority: true });
  const loner = makeIdentity(root, "loner");
  const caPath = join(root, "root.pem");
  const directory = join(root, "etc", "client-ca");
  const certificates = {
    root: authority,
    intermediate,
    client: makeIdentity(root, "client", { issuer: authority }),
    stranger: makeIdentity(root, "stranger", { issuer: elsewhere }),
    loner,
    certPath: join(root, "chain.pem"),
    keyPath: join(root, "chain.key"),
    caPath: directory,
  };
  await Bun.write(join(directory, "root.crt"), await Bun.file(caPath).text());
  await Bun.write(join(directory, "loner"), loner.cert);
  await Bun.write(join(directory, "loner.key"), loner.key);
  await writeServerIdentity(certificates, newServerIdentity(root, "server", intermediate));
  return certificates;
}

/** Another certificate for the server. */
export function newServerIdentity(directory: string, name: string, issuer: TestIdentity): TestIdentity {
  return makeIdentity(directory, name, { issuer, names: NAMES });
}

async function writeServerIdentity(to: HttpsCertificates, identity: TestIdentity): Promise<void> {
  await writeFile(to.certPath, identity.cert + to.intermediate.cert);
  await writeFile(to.keyPath, identity.key);
}
