import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../src/platform/version.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-main-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function start(args: readonly string[], stdin: "ignore" | "pipe" | Blob = "ignore") {
  const env = { ...process.env, TEDGE_CONFIG_DIR: directory };
  return Bun.spawn([process.execPath, MAIN, ...args], { env, stdin, stdout: "pipe", stderr: "pipe" });
}

async function run(args: readonly string[], stdin?: Blob) {
  const child = start(args, stdin);
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, stdout, stderr };
}

test("the sources run like the executable called tebus", async () => {
  expect(await run(["--version"])).toEqual({ code: 0, stdout: `tebus ${VERSION}\n`, stderr: "" });
  expect(await run(["tedge-agent", "--version"])).toMatchObject({ code: 0, stdout: `tedge-agent ${VERSION}\n` });
});

test("without arguments it fails with the usage on standard error", async () => {
  const { code, stdout, stderr } = await run([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain("Usage: tebus");
});

test("tedge-write takes standard input whole", async () => {
  const content = new Uint8Array(3_000_000).map((_, index) => index % 251);
  const path = join(directory, "big");
  expect(await run(["tedge-write", path], new Blob([content]))).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(Bun.hash(await readFile(path))).toBe(Bun.hash(content));
});

describe("a command that waits for a broker which accepts it and never acknowledges anything", () => {
  let server: Server;
  let published: Promise<Socket>;

  beforeEach(async () => {
    const first = Promise.withResolvers<Socket>();
    published = first.promise;
    server = createServer((socket) => {
      socket.once("data", () => {
        socket.write(Uint8Array.of(0x20, 2, 0, 0));
        socket.once("data", () => first.resolve(socket));
      });
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await writeFile(join(directory, "tedge.toml"), `mqtt.client.port = ${port}\n`);
  });

  afterEach(async () => {
    (await published).destroy();
    server.close();
  });

  test("ends at the second signal at once", async () => {
    const child = start(["mqtt", "pub", "a", "b"]);
    await published;
    child.kill("SIGINT");
    child.kill("SIGTERM");
    // Which of two signals comes first is the system's choice.
    expect([128 + 2, 128 + 15]).toContain(await child.exited);
  });

  test("ends in order at the first one, although it takes its time to take leave", async () => {
    const child = start(["mqtt", "pub", "a", "b"]);
    await published;
    child.kill("SIGINT");
    expect(await new Response(child.stderr).text()).toContain("Interrupted");
    expect(await child.exited).toBe(1);
  });
});
