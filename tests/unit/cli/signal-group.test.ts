import { afterEach, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { groupMembers } from "../../../src/base/process-group.ts";
import { signalGroup } from "../../../src/cli/signal-group.ts";
import { waitUntil } from "../../system/world/wait-until.ts";

const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
});

/** A process group of two processes. */
async function start(environment: Record<string, string> = {}): Promise<number> {
  const options = { detached: true, stdio: "ignore", env: { ...process.env, ...environment } } as const;
  const child = spawn("sh", ["-c", "sleep 600 & wait"], options);
  started.push(child);
  const pid = child.pid ?? 0;
  await waitUntil("both run", async () => (await groupMembers(pid)).length === 2);
  return pid;
}

const OWN = process.getuid?.() ?? 0;
const OTHER = String(OWN + 4_711);

test("the members of a group are known with their users", async () => {
  const group = await start();
  const members = await groupMembers(group);
  expect(members[0]).toEqual({ pid: group, realUser: OWN, effectiveUser: OWN });
  expect(await groupMembers(2 ** 30)).toEqual([]);
});

test("a group of the caller is ended", async () => {
  const group = await start();
  const outcome = await signalGroup({ SUDO_UID: String(OWN) }, { group: String(group), signal: "SIGTERM" });
  expect(outcome).toEqual({ kind: "done" });
  await waitUntil("both are gone", async () => (await groupMembers(group)).length === 0);
});

test("so is one that the caller started through sudo", async () => {
  const group = await start({ SUDO_UID: OTHER });
  expect(await signalGroup({ SUDO_UID: OTHER }, { group: String(group), signal: "SIGKILL" })).toEqual({ kind: "done" });
  await waitUntil("both are gone", async () => (await groupMembers(group)).length === 0);
});

test("the group of somebody else is not", async () => {
  const group = await start({ SUDO_UID: `${OTHER}0` });
  const outcome = await signalGroup({ SUDO_UID: OTHER }, { group: String(group), signal: "SIGKILL" });
  expect(outcome.kind).toBe("failed");
  expect(await groupMembers(group)).toHaveLength(2);
});

test.each([
  ["1", "SIGTERM"],
  ["0", "SIGTERM"],
  ["-5", "SIGTERM"],
  ["x", "SIGTERM"],
  ["99999999999", "SIGTERM"],
  ["5000", "SIGHUP"],
])("%p with %p is a usage error", async (group, signal) => {
  expect((await signalGroup({}, { group, signal })).kind).toBe("usage");
});
