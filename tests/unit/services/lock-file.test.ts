import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireLock } from "../../../src/services/lock-file.ts";

let directory: string;
let path: string;
const children: { kill(signal: NodeJS.Signals): void; readonly exited: Promise<number> }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-lock-"));
  path = join(directory, "tedge-agent.lock");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  await rm(directory, { recursive: true, force: true });
});

async function holder() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "hold-lock.ts"), directory, "tedge-agent"], {
    stdin: "pipe",
    stdout: "pipe",
  });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

async function take() {
  const lock = await acquireLock(directory, "tedge-agent");
  return lock.ok ? "locked" : lock.fault;
}

test("the lock file holds the PID without a newline, can be written by all, and is gone after a release", async () => {
  const umask = process.umask(0o077);
  const lock = await acquireLock(directory, "tedge-agent").finally(() => process.umask(umask));
  if (!lock.ok) throw new Error(lock.fault.message);
  expect(await readFile(path, "utf8")).toBe(String(process.pid));
  expect((await stat(path)).mode & 0o777).toBe(0o666);
  expect(await readdir(directory)).toEqual(["tedge-agent.lock"]);
  await lock.value.release();
  await lock.value.release();
  expect(await readdir(directory)).toEqual([]);
});

test("a lock that another process holds is refused, and left alone", async () => {
  const { child, said } = await holder();
  expect(said).toBe("locked");
  expect(await take()).toEqual({ code: "held", message: "Another instance of tedge-agent is running." });
  expect(await readdir(directory)).toEqual(["tedge-agent.lock"]);
  expect(await readFile(path, "utf8")).toBe(String(child.pid));
});

test("a lock that this process holds itself is refused", async () => {
  expect(await take()).toBe("locked");
  expect(await take()).toMatchObject({ code: "held" });
});

test("a lock whose process was killed is taken over", async () => {
  const { child } = await holder();
  child.kill("SIGKILL");
  await child.exited;
  expect(await take()).toBe("locked");
  expect(await readFile(path, "utf8")).toBe(String(process.pid));
  expect(await readdir(directory)).toEqual(["tedge-agent.lock"]);
});

test("a lock whose PID belongs to another program by now is taken over", async () => {
  await writeFile(path, String(process.ppid));
  expect(await take()).toBe("locked");
});

test.each(["", "no number", "-1", "0"])("a lock without a PID (%p) is taken over", async (content) => {
  await writeFile(path, content);
  expect(await take()).toBe("locked");
});

test("a claim that was left behind does not block for ever", async () => {
  await writeFile(path, "999999999");
  await writeFile(`${path}.claim`, "999999999");
  expect(await take()).toBe("locked");
  expect(await readdir(directory)).toEqual(["tedge-agent.lock"]);
});

test("of many processes that find a dead lock exactly one gets it", async () => {
  await writeFile(path, "999999999");
  const said = await Promise.all(Array.from({ length: 8 }, async () => (await holder()).said));
  expect(said.sort()).toEqual([...Array.from({ length: 7 }, () => "held"), "locked"]);
});

test("a release leaves a lock alone that someone else has by now", async () => {
  const lock = await acquireLock(directory, "tedge-agent");
  await rm(path);
  await writeFile(path, "other");
  if (lock.ok) await lock.value.release();
  expect(await readFile(path, "utf8")).toBe("other");
});

test("a directory that is missing makes no lock file available", async () => {
  const lock = await acquireLock(join(directory, "missing"), "tedge-agent");
  expect(lock).toMatchObject({ ok: false, fault: { code: "unavailable", cause: { code: "ENOENT" } } });
});
