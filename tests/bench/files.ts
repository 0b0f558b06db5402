import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "../system/world/agent-at-work.ts";
import { type Nginx, startNginx } from "../system/world/nginx.ts";
import { runProgram } from "../system/world/program.ts";
import { tempDir } from "../system/world/temp-dir.ts";
import { requestRate } from "./http-load.ts";
import { memoryGrowth } from "./memory-peak.ts";
import { slowReaders, slowWriters } from "./slow-clients.ts";
import type { Figure } from "./statistics.ts";

/** Megabytes of the large file. */
const LARGE = 1_024;
const SMALL = 4_096;
const CLIENTS = 64;
const CONNECTIONS = 32;
const MILLISECONDS = 3_000;

/** As Debian configures it, but for the log, and for connections that are closed after 1000 requests. */
const NGINX = ["access_log off;", "sendfile on;", "tcp_nopush on;", "keepalive_requests 1000000000;"];

/**
 * Files through the agent and through nginx, side by side: both on the same disk, taking turns, with the same client. nginx answers an
 * upload when the kernel has it, tebus when the disk has it: so nginx is also measured with a `sync` of the file after each upload.
 */
export async function benchFiles(runs: number): Promise<Figure[]> {
  await using agent = await startAgentAtWork({ config: ['files.max_total = "90%"'] });
  await using nginx = await startNginx({ config: NGINX });
  await using directory = await tempDir("bench");
  const source = join(directory.path, "large");
  await writeFile(source, randomFile());
  const large = await benchLarge(runs, agent, nginx, source);
  const slow = await benchSlow(agent, nginx, source);
  return [...large, ...slow, ...(await benchSmall(runs, agent, nginx))];
}

async function benchLarge(runs: number, agent: AgentAtWork, nginx: Nginx, source: string): Promise<Figure[]> {
  const { sample, figures } = samples("MB/s");
  const [ours, theirs] = [`${agent.url}/te/v1/files/large`, `http://127.0.0.1:${nginx.port}/large`];
  const growth: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const rate = (name: string, work: () => Promise<unknown>) =>
      sample(name, async () => LARGE / (await seconds(work)));
    const growing = async (work: () => Promise<void>) => void growth.push(await memoryGrowth(agent.agent.pid, work));
    await settle(agent, nginx);
    await growing(() => rate("PUT of 1 GiB: tebus, safe on disk", () => put(source, ours)));
    await settle(agent, nginx);
    await rate("PUT of 1 GiB: nginx, in memory of the kernel", () => put(source, theirs));
    await settle(agent, nginx);
    await rate("PUT of 1 GiB: nginx, then sync", async () => {
      await put(source, theirs);
      await runProgram(["sync", join(nginx.directory, "large")]);
    });
    await put(source, ours);
    await growing(() => rate("GET of 1 GiB: tebus", () => get(ours)));
    await rate("GET of 1 GiB: nginx", () => get(theirs));
    await growing(() => rate("GET of 1 GiB by Range: tebus", () => get(ours, "--range", "1-")));
    await rate("GET of 1 GiB by Range: nginx", () => get(theirs, "--range", "1-"));
  }
  return [
    ...figures(),
    { name: "files: growth of private memory in a PUT or GET of 1 GiB", unit: "MB", samples: growth },
  ];
}

async function benchSlow(agent: AgentAtWork, nginx: Nginx, source: string): Promise<Figure[]> {
  const { httpPort } = agent.device;
  await put(source, `${agent.url}/te/v1/files/large`);
  const growth = async (work: () => Promise<void>) => [await memoryGrowth(agent.agent.pid, work)];
  const readers = await growth(() => slowReaders(httpPort, "/te/v1/files/large", CLIENTS, 2 * MILLISECONDS));
  const writers = await growth(() => slowWriters(httpPort, "/te/v1/files/slow", CLIENTS, 2 * MILLISECONDS));
  await settle(agent, nginx);
  return [
    { name: `files: growth of private memory, ${CLIENTS} slow readers`, unit: "MB", samples: readers },
    { name: `files: growth of private memory, ${CLIENTS} slow writers`, unit: "MB", samples: writers },
  ];
}

async function benchSmall(runs: number, agent: AgentAtWork, nginx: Nginx): Promise<Figure[]> {
  const { sample, figures } = samples("req/s");
  const body = Buffer.alloc(SMALL, "x");
  const servers = [
    { name: "tebus", port: agent.device.httpPort, path: "/te/v1/files/small" },
    { name: "nginx", port: nginx.port, path: "/small" },
  ];
  for (let run = 0; run < runs; run += 1) {
    for (const { name, port, path } of servers) {
      const load = { port, connections: CONNECTIONS, duration: MILLISECONDS };
      const putting = (count: number) =>
        Buffer.concat([
          Buffer.from(`PUT ${path}-${count % 100} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${SMALL}\r\n\r\n`),
          body,
        ]);
      const getting = Buffer.from(`GET ${path}-0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      await sample(`PUT of 4 KiB: ${name}`, () => requestRate({ ...load, request: putting }));
      await sample(`GET of 4 KiB: ${name}`, () => requestRate({ ...load, request: () => getting }));
    }
  }
  return figures();
}

/** Collects samples by name, in the order in which the names came first. */
function samples(unit: string) {
  const byName = new Map<string, number[]>();
  return {
    async sample(name: string, take: () => Promise<number>): Promise<void> {
      const taken = byName.get(name) ?? [];
      byName.set(name, taken);
      taken.push(await take());
    },
    figures: (): Figure[] => [...byName].map(([name, taken]) => ({ name: `files: ${name}`, unit, samples: taken })),
  };
}

/** Bytes that nothing compresses, the same megabyte again and again. */
function* randomFile(): Generator<Uint8Array> {
  const megabyte = crypto.getRandomValues(new Uint8Array(65_536));
  for (let count = 0; count < LARGE * 16; count += 1) yield megabyte;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return (performance.now() - begin) / 1_000;
}

/** The disk has nothing left to do, and there is no old file in the way. */
async function settle(agent: AgentAtWork, nginx: Nginx): Promise<void> {
  await runProgram(["curl", "-sS", "-X", "DELETE", `${agent.url}/te/v1/files/large`]);
  await rm(join(nginx.directory, "large"), { force: true });
  await runProgram(["sync"], { timeout: 120_000 });
}

const CURL = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null"];
const PATIENT = { timeout: 120_000 };

function put(source: string, url: string): Promise<string> {
  return runProgram([...CURL, "--upload-file", source, url], PATIENT);
}

function get(url: string, ...options: readonly string[]): Promise<string> {
  return runProgram([...CURL, ...options, url], PATIENT);
}
