import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

let locks: string;
const children: { kill(signal: NodeJS.Signals): void; readonly exited: Promise<number> }[] = [];

beforeEach(async () => {
  locks = await mkdtemp(join(tmpdir(), "tebus-process-"));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  await rm(locks, { recursive: true, force: true });
});

function start(args: readonly string[] = [locks], env: Record<string, string> = {}) {
  const script = join(import.meta.dir, "serve-until-signal.ts");
  const child = Bun.spawn([process.execPath, script, ...args], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  children.push(child);
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  /** Everything that was said up to a line. */
  async function until(line: string): Promise<string[]> {
    for (;;) {
      const at = said.indexOf(`${line}\n`);
      if (at !== -1) {
        const heard = said.slice(0, at + line.length);
        said = said.slice(at + line.length + 1);
        return heard.split("\n");
      }
      const { value, done } = await lines.read();
      if (done) throw new Error(`It ended without saying ${line}: ${await new Response(child.stderr).text()}`);
      said += value;
    }
  }
  return { child, until, stderr: () => new Response(child.stderr).text() };
}

test("the first signal drains in reverse order, also before a broker was reached, and takes the lock files away", async () => {
  const { child, until } = start();
  await until("mapper starts");
  expect((await readdir(locks)).sort()).toEqual(["agent.lock", "mapper.lock"]);
  child.kill("SIGTERM");
  expect(await until("ended")).toEqual(["mapper stops", "agent stops", "ended"]);
  expect(await child.exited).toBe(0);
  expect(await readdir(locks)).toEqual([]);
});

test("a unit that runs already starts nothing, and the locks taken meanwhile are given back", async () => {
  const first = start([locks, "standalone"]);
  await first.until("agent starts");
  const second = start();
  expect(await second.until("Another instance of agent is running.")).toHaveLength(1);
  expect(await second.child.exited).toBe(9);
  expect(await readdir(locks)).toEqual(["agent.lock"]);
});

test("SIGUSR1 restarts the mapper only, SIGHUP reads the levels", async () => {
  const { child, until } = start();
  await until("mapper starts");
  child.kill("SIGUSR1");
  expect(await until("mapper starts")).toEqual(["mapper stops", "mapper starts"]);
  child.kill("SIGHUP");
  expect(await until("levels")).toEqual(["levels"]);
});

test("a unit alone ignores SIGUSR1, and its crash fails the process", async () => {
  const quiet = start([locks, "standalone"]);
  await quiet.until("agent starts");
  quiet.child.kill("SIGUSR1");
  quiet.child.kill("SIGTERM");
  expect(await quiet.until("ended")).toEqual(["agent stops", "ended"]);
  const crashing = start([locks, "standalone"], { CRASH: "agent" });
  expect(await crashing.until("ended")).toEqual(["agent starts", "agent stops", "ended"]);
  expect(await crashing.child.exited).toBe(1);
});

test("a directory for lock files that is missing is warned about only", async () => {
  const { child, until, stderr } = start([join(locks, "missing"), "standalone"]);
  await until("agent starts");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  expect(await stderr()).toContain(`WARN supervisor: Cannot create the lock file ${locks}/missing/agent.lock`);
});
