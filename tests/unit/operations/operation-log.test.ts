import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok } from "../../../src/base/result.ts";
import { realDisk } from "../../../src/operations/disk.ts";
import { logHeader, logProcess, logStep } from "../../../src/operations/log-text.ts";
import { createOperationLog } from "../../../src/operations/operation-log.ts";
import { recordedLog } from "../http/recorded-log.ts";
import { aCommand, anAddress } from "./a-command.ts";

const TIME = Date.UTC(2026, 7, 1, 10, 0, 0, 123);
const root = mkdtempSync(join(tmpdir(), "tebus-log-"));
let count = 0;
afterEach(() => rmSync(root, { recursive: true, force: true }));

function logIn(directory: string, limit: (operation: string) => number | undefined) {
  // Files made within one clock tick have the same time: the simulated disk counts instead.
  const created = new Map<string, number>();
  return createOperationLog({
    directory,
    limits: limit,
    disk: {
      ...realDisk,
      append(path, text) {
        if (!created.has(path)) created.set(path, created.size);
        return realDisk.append(path, text);
      },
      async list(path, select) {
        const files = await realDisk.list(path, select);
        if (!files.ok) return files;
        return ok(files.value.map(({ name }) => ({ name, created: created.get(join(path, name)) ?? -1 })));
      },
    },
    now: () => TIME,
    log: recordedLog(),
  });
}

test("the head of a file and of a step are those of the reference", () => {
  const rule = "==================================================================";
  expect(logHeader(anAddress("op", "x-1"), TIME)).toBe(
    `\n${rule}\nTriggered op workflow\n${rule}\n\ntopic:     te/device/main///cmd/op/x-1\noperation: op\ncmd_id:    x-1\ntime:      2026-08-01T10:00:00.123000000Z\n\n${rule}\n`,
  );
  expect(logStep(aCommand({ b: 1 }, anAddress("c", "sub:b:sub:a:1")), { kind: "cleanup" }, TIME)).toBe(
    `\n----------------------[ a > b > c @ executing | time=2026-08-01T10:00:00.123000000Z ]----------------------\n\nState:    {"b":1,"status":"executing"}\n\nAction:   wait for the requester to finalize the command\n\n`,
  );
});

test("the end of a process is told with its output", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const exit = { kind: "exited", code: 0, stdout: bytes("a\nb"), stderr: bytes("") } as const;
  expect(logProcess(ok(exit))).toBe("Exit status: 0 (OK)\n\nstderr (EMPTY)\n\nstdout <<EOF\na\nb\nEOF\n");
  const killed = { kind: "killed", signal: 9, timedOut: false, stdout: bytes(""), stderr: bytes("e\n") } as const;
  expect(logProcess(ok(killed))).toBe("Killed by signal: 9\n\nstderr <<EOF\ne\nEOF\n\nstdout (EMPTY)\n");
});

test("a root command and its sub-commands write into one file, in order", async () => {
  const directory = join(root, String(count++));
  const log = logIn(directory, () => undefined);
  for (const address of [anAddress("a", "1"), anAddress("b", "sub:a:1"), anAddress("c", "sub:b:sub:a:1")]) {
    log.write(address, `${address.operation}\n`);
    expect(log.path(address)).toBe(join(directory, "workflow-a-1.log"));
  }
  await log.flushed();
  const text = await readFile(join(directory, "workflow-a-1.log"), "utf8");
  expect(text).toBe(`${logHeader(anAddress("a", "1"), TIME)}a\nb\nc\n`);
});

test("before a new file is made, all but the newest of exactly this operation are removed", async () => {
  const directory = join(root, String(count++));
  const log = logIn(directory, (operation) => (operation === "restart" ? 2 : undefined));
  const write = async (operation: string, id: string) => {
    log.write(anAddress(operation, id), "x\n");
    await log.flushed();
  };
  await write("restart-later", "1");
  await write("my-restart", "1");
  for (const id of ["1", "2", "3"]) await write("restart", id);
  await writeFile(join(directory, "workflow-restart-x.log"), "not one of ours\n");
  await write("restart", "4");
  await write("restart", "4");
  expect((await readdir(directory)).sort()).toEqual([
    "workflow-my-restart-1.log",
    "workflow-restart-3.log",
    "workflow-restart-4.log",
    "workflow-restart-later-1.log",
    "workflow-restart-x.log",
  ]);
});

test("a limit of one keeps only the new file", async () => {
  const directory = join(root, String(count++));
  const log = logIn(directory, () => 1);
  for (const id of ["1", "2"]) log.write(anAddress("op", id), "x\n");
  await log.flushed();
  expect(await readdir(directory)).toEqual(["workflow-op-2.log"]);
});

test("a disk that does not take the log disturbs nobody", async () => {
  const told = recordedLog();
  const log = createOperationLog({
    directory: "/proc/no/such/place",
    limits: () => 1,
    disk: realDisk,
    now: () => TIME,
    log: told,
  });
  log.write(anAddress(), "x\n");
  await log.flushed();
  expect(told.lines.length).toBe(1);
});
