import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type HttpsAgent, startHttpsAgent } from "./https-agent.ts";
import { type Finished, runProgram, runToEnd } from "./world/program.ts";
import { runTebus } from "./world/run-tebus.ts";
import type { TestIdentity } from "./world/test-authority.ts";

let at: HttpsAgent;
let file: string;

beforeAll(async () => {
  at = await startHttpsAgent({ clientCertificates: true });
  file = join(at.device.root, "content");
  await runProgram(["sh", "-c", 'head -c 5000000 /dev/urandom >"$0"', file]);
}, 60_000);

afterAll(() => at?.[Symbol.asyncDispose]());

const shown = ({ certPath, keyPath }: TestIdentity) => ["--cert", certPath, "--key", keyPath];

const ENTITIES = "/te/v1/entities/device/main//";

describe("a client", () => {
  test("with a certificate of a known authority puts a file and gets it as it is", async () => {
    const put = await at.curl(...shown(at.certificates.client), "--upload-file", file, `${at.url}/te/v1/files/a/b`);
    expect(put).toEqual({ code: 0, stdout: "\n201", stderr: "" });
    const back = join(at.device.root, "back");
    const got = await at.curl(...shown(at.certificates.client), "--output", back, `${at.url}/te/v1/files/a/b`);
    expect(got).toEqual({ code: 0, stdout: "\n200", stderr: "" });
    expect(Bun.hash(await readFile(back))).toBe(Bun.hash(await readFile(file)));
  });

  test("whose self-signed certificate is among the authorities is let in", async () => {
    const answer = await at.curl(...shown(at.certificates.loner), `${at.url}${ENTITIES}`);
    expect(answer.stdout).toContain('"@topic-id":"device/main//"');
  });

  test("may use the address instead of the name", async () => {
    const url = `https://127.0.0.1:${at.device.httpPort}${ENTITIES}`;
    expect((await at.curl(...shown(at.certificates.client), url)).stdout).toEndWith("\n200");
  });

  test("without a certificate fails in the handshake", async () => {
    const { code, stdout, stderr } = await at.curl(`${at.url}${ENTITIES}`);
    expect([code, stdout]).toEqual([56, "\n000"]);
    expect(stderr).toMatch(/certificate required/);
  });

  test.each(["1.2", "1.3"])(
    "with a certificate of others is cut off before its request counts, by TLS %s",
    async (max) => {
      const upload = ["--upload-file", file, `${at.url}/te/v1/files/foreign-${max}`];
      const answer = await at.curl(...shown(at.certificates.stranger), "--tls-max", max, ...upload);
      expect(answer.code).not.toBe(0);
      expect(answer.stdout).toBe("\n000");
      const stored = await at.curl(...shown(at.certificates.client), `${at.url}/te/v1/files/foreign-${max}`);
      expect(stored.stdout).toEndWith("\n404");
    },
  );

  test.each(["1.2", "1.3"])("may speak TLS %s, and sees the whole chain", async (version) => {
    const { client } = at.certificates;
    const command = [
      ...["openssl", "s_client", "-connect", `127.0.0.1:${at.device.httpPort}`, `-tls${version.replace(".", "_")}`],
      ...["-showcerts", "-CAfile", at.certificates.root.certPath, "-cert", client.certPath, "-key", client.keyPath],
    ];
    const { stdout } = await runToEnd(command, { stdin: "" });
    expect(stdout).toContain("Verify return code: 0 (ok)");
    expect(stdout.match(/ s:.*CN = \w+/g)).toEqual([" s:CN = server", " s:CN = intermediate"]);
  });

  test("cannot speak TLS 1.1", async () => {
    const version = ["--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"];
    const { code, stderr } = await at.curl(...shown(at.certificates.client), ...version, at.url);
    expect(code).toBe(35);
    expect(stderr).toMatch(/version/);
  });
});

describe("plain HTTP on the same port", () => {
  const plain = (path: string) => `http://localhost:${at.device.httpPort}${path}`;

  test.each(["GET", "PUT", "DELETE", "PATCH"])("%s is redirected, without a client certificate", async (method) => {
    const { stdout } = await at.curl("--include", "--request", method, plain("/te/v1/x%2Fy//z?q=1"));
    expect(stdout).toStartWith("HTTP/1.1 307 ");
    expect(stdout).toContain(`\r\nLocation: ${at.url}/te/v1/x%2Fy//z?q=1\r\n`);
  });

  test("leads an upload to where it belongs", async () => {
    const { stdout } = await at.curl(
      ...shown(at.certificates.client),
      ...["--location", "--upload-file", file, plain("/te/v1/files/redirected")],
    );
    expect(stdout).toBe("\n201");
    expect(Bun.hash(await readFile(join(at.device.dataDir, "file-transfer/redirected")))).toBe(
      Bun.hash(await readFile(file)),
    );
  });

  test("without Host is told to use HTTPS", async () => {
    const { stdout } = await at.curl("--http1.0", "--header", "Host:", plain("/"));
    expect(stdout).toBe("This server does not support HTTP. Please retry this request using HTTPS\n400");
  });
});

describe("tedge http", () => {
  const http = (...args: readonly string[]): Promise<Finished> =>
    runTebus(["http", ...args], { configDir: at.device.configDir });

  test("shows the configured certificate, trusts the authority of the server, and moves files", async () => {
    expect(await http("put", "/te/v1/files/c", "--file", file)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(Bun.hash(await readFile(join(at.device.dataDir, "file-transfer/c")))).toBe(Bun.hash(await readFile(file)));
    expect((await http("get", ENTITIES)).stdout).toContain('"@topic-id":"device/main//"');
  });
});

test("the log tells that HTTPS and client certificates are on, and of no errors", () => {
  const log = at.agent.stderr();
  expect(log).toContain(
    "HTTPS enabled (`http.cert_path`, `http.key_path`), client certificates of 2 authorities accepted (`http.ca_path`)",
  );
  expect(log).not.toContain(" ERROR ");
});
