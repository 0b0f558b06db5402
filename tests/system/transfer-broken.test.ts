import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { link, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TRANSFER_WORKFLOWS } from "./transfer-workflows.ts";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { limitedLink } from "./world/limited-link.ts";
import { type Nginx, startNginx } from "./world/nginx.ts";
import { runProgram } from "./world/program.ts";
import { runCommand } from "./world/run-command.ts";
import { startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const MIB = 1024 * 1024;

let world: AsyncDisposableStack;
let nginx: Nginx;
let at: AgentAtWork;
let large: string;
let trickled: Promise<void>;

beforeAll(async () => {
  world = new AsyncDisposableStack();
  // As long as there is the file `broken`, it is.
  const config = ["location /ailing { if (-f $document_root/broken) { return 503; } try_files /small =404; }"];
  nginx = world.use(await startNginx({ config }));
  at = world.use(await startAgentAtWork({ files: TRANSFER_WORKFLOWS }));
  large = join(nginx.directory, "large");
  await writeFile(join(nginx.directory, "small"), "content");
  await runProgram(["sh", "-c", `head -c ${40 * MIB} /dev/urandom >"$0"`, large]);
  for (const name of ["cut", "trickled", "killed"]) await link(large, join(nginx.directory, name));
  const slow = world.use(await limitedLink(nginx.port, { after: 5 * MIB, fate: "trickle" }));
  trickled = fetched(`http://127.0.0.1:${slow.port}/trickled`, large, "fetch_slowly");
}, 60_000);

afterAll(() => world?.disposeAsync());

const tmp = () => readdirSync(join(at.device.root, "tmp"));

/** Runs a command that fetches what is at `url`, and compares it with the file `like`. */
async function fetched(url: string, like: string, operation = "fetch"): Promise<void> {
  const to = join(at.device.root, operation);
  expect(await runCommand(at, operation, { tedgeUrl: url, to }, 90_000)).toMatchObject({ status: "successful" });
  await runProgram(["cmp", to, like]);
}

/** The status of each answer with a file of nginx, and the range that was asked for. */
async function ranges(name: string): Promise<readonly string[]> {
  const requests = (await nginx.requests()).filter((request) => request.startsWith(`GET /${name} `));
  return requests.map((request) => request.replace(/^GET \S+ HTTP\/1.1 (.*) -$/, "$1"));
}

test("a download that is cut twice goes on where it was each time", async () => {
  await using relay = await limitedLink(nginx.port, { after: 5 * MIB, fate: "cut" }, { after: 5 * MIB, fate: "cut" });
  await fetched(`http://127.0.0.1:${relay.port}/cut`, large);
  expect(await ranges("cut")).toEqual([
    "200 -",
    expect.stringMatching(/^206 bytes=[45]\d{6}-$/),
    expect.stringMatching(/^206 bytes=(?:9|10)\d{6}-$/),
  ]);
}, 30_000);

test("a server that fails is asked again", async () => {
  const broken = join(nginx.directory, "broken");
  await writeFile(broken, "");
  const done = fetched(`http://127.0.0.1:${nginx.port}/ailing`, join(nginx.directory, "small"), "fetch_too");
  await at.agent.waitForLog("HTTP status server error (503 Service Temporarily Unavailable)");
  expect(at.agent.stderr()).toMatch(/Temporary failure: HTTP status server error \(503 .*Retrying in 1[3-7]s/);
  await rm(broken);
  await done;
}, 60_000);

test("a server that trickles bytes is left after a minute, and asked for the rest", async () => {
  await trickled;
  expect(await ranges("trickled")).toEqual(["200 -", expect.stringMatching(/^206 bytes=5\d{6}-$/)]);
  expect(tmp()).toEqual([]);
}, 90_000);

test("an upload to an agent that is cut twice goes on where it was each time", async () => {
  const cut = { after: 5 * MIB, of: "client", fate: "cut" } as const;
  await using relay = await limitedLink(at.device.httpPort, cut, cut);
  const end = await runCommand(at, "send", {
    tedgeUrl: `http://127.0.0.1:${relay.port}/te/v1/files/large`,
    path: large,
  });
  expect(end).toMatchObject({ status: "successful" });
  const positions = at.agent.stderr().matchAll(/Resuming file upload at position=(\d+)/g);
  expect([...positions].map(([, position]) => Math.round(Number(position) / (5 * MIB)))).toEqual([1, 2]);
  await runProgram(["cmp", large, join(at.device.dataDir, "file-transfer/large")]);
}, 30_000);

test("a download whose agent is killed goes on after the next start, and leaves nothing", async () => {
  await using relay = await limitedLink(nginx.port, { after: 36 * MIB, fate: "hold" });
  const done = fetched(`http://127.0.0.1:${relay.port}/killed`, large);
  const kept = () => tmp().some((name) => /-(?:[1-9]\d{7})-[0-9a-f]+\.partial$/.test(name));
  await waitUntil("a part of it is kept", kept, { timeout: 30_000 });
  await at.agent.kill();
  const [left = ""] = tmp();
  const old = join(at.device.root, "tmp", left.replace(/^\.tebus-.{20}/, `.tebus-${"0".repeat(20)}`));
  await writeFile(old, "what nobody goes on with");
  await utimes(old, 0, 0);
  await using _agent = await startTebus(["run", "tedge-agent"], { configDir: at.device.configDir });
  await done;
  expect(await ranges("killed")).toEqual(["200 -", expect.stringMatching(/^206 bytes=[123]\d{7}-$/)]);
  expect([existsSync(old), ...tmp()]).toEqual([false]);
}, 60_000);
