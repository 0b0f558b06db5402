import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type HttpsAgent, newServerIdentity, startHttpsAgent } from "./https-agent.ts";
import { linesWith } from "./world/agent-at-work.ts";
import { runToEnd, startProgram } from "./world/program.ts";
import type { TestIdentity } from "./world/test-authority.ts";
import { waitUntil } from "./world/wait-until.ts";

let at: HttpsAgent;

beforeAll(async () => {
  at = await startHttpsAgent({ clientCertificates: false });
}, 60_000);

afterAll(() => at?.[Symbol.asyncDispose]());

/** Serial number and so on of the certificate that a new connection gets. */
async function served(): Promise<string> {
  const command = ["openssl", "s_client", "-connect", `127.0.0.1:${at.device.httpPort}`];
  const { stdout } = await runToEnd(command, { stdin: "" });
  return /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(stdout)?.[0] ?? "none";
}

async function replace(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

const pem = (identity: TestIdentity) => identity.cert.trim();

test("a renewed certificate is served without a restart, and what runs is not cut", async () => {
  const { certPath, keyPath, intermediate } = at.certificates;
  const before = await served();
  const store = join(at.device.dataDir, "file-transfer");
  const content = join(at.device.root, "content");
  await writeFile(content, "x".repeat(3_000_000));
  await using upload = startProgram([
    ...["curl", "--silent", "--show-error", "--cacert", at.certificates.root.certPath, "--write-out", "%{http_code}\n"],
    ...["--limit-rate", "1M", "--upload-file", content],
    ...["--header", "Expect:", `${at.url}/te/v1/files/slow`],
  ]);
  await waitUntil("the upload has begun", async () => (await readdir(store, { recursive: true })).length > 0);
  const renewed = newServerIdentity(at.device.root, "renewed", intermediate);
  await replace(certPath, renewed.cert + intermediate.cert);
  await replace(keyPath, renewed.key);
  await at.agent.waitForLog("The HTTPS certificate changed: CN=renewed, valid until ");
  expect(await served()).toBe(pem(renewed));
  expect(before).not.toBe(pem(renewed));
  expect(upload.lines()).toEqual([]);
  await upload.find("the upload ends", (line) => (line === "201" ? true : undefined));
  expect(linesWith(at.agent.stderr(), " WARN http: ")).toEqual([]);
});

test("a broken pair keeps the old one with a warning, and is used once it is whole", async () => {
  const { certPath, keyPath, intermediate } = at.certificates;
  const before = await served();
  const next = newServerIdentity(at.device.root, "next", intermediate);
  await writeFile(keyPath, next.key.slice(0, 100));
  await at.agent.waitForLog("The HTTPS certificate in use is kept, since the files that changed cannot be used: ");
  expect(await served()).toBe(before);
  await writeFile(keyPath, next.key);
  await writeFile(certPath, next.cert);
  await at.agent.waitForLog("The HTTPS certificate changed: CN=next, ");
  expect(await served()).toBe(pem(next));
  expect(linesWith(at.agent.stderr(), " WARN http: ").length).toBe(1);
});

test("twenty renewals leave one certificate and no more connections or files", async () => {
  const { certPath, keyPath, intermediate } = at.certificates;
  const identities = [1, 2].map((index) => newServerIdentity(at.device.root, `turn${index}`, intermediate));
  const count = async () => (await runToEnd(["sh", "-c", `ls /proc/${at.agent.pid}/fd | wc -l`])).stdout.trim();
  const turn = async (index: number) => {
    const identity = identities[index % 2];
    if (identity === undefined) throw new Error("no identity");
    await replace(keyPath, identity.key);
    await replace(certPath, identity.cert);
    await waitUntil("it is served", async () => (await served()) === pem(identity));
  };
  for (let index = 0; index < 4; index += 1) await turn(index);
  const before = Number(await count());
  for (let index = 0; index < 16; index += 1) await turn(index);
  await waitUntil("nothing is left of the earlier ones", async () => Number(await count()) <= before);
}, 60_000);
