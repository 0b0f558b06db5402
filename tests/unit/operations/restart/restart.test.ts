import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { exec } from "../../../../src/base/exec.ts";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok, type Result } from "../../../../src/base/result.ts";
import { createSudo } from "../../../../src/base/sudo.ts";
import { type Disk, realDisk } from "../../../../src/operations/disk.ts";
import { type RebootSettings, restartOperation } from "../../../../src/operations/restart/restart.ts";
import { Device } from "../a-device.ts";

let device: Device;
let proc: string;
let reboot: string;
let settings: Result<RebootSettings>;
let disk: Disk;

beforeEach(async () => {
  device = new Device();
  proc = join(device.root, "proc");
  reboot = join(device.root, "reboot");
  settings = ok({ command: [reboot, "now"], timeout: 30 });
  disk = realDisk;
  await mkdir(device.directories.tmp, { recursive: true });
  await boot({ id: "boot-1", uptime: "1000.12 2000.50" });
  await rebootScript("");
  useBuiltin();
});

afterEach(() => device.dispose());

function useBuiltin(): void {
  device.builtins = [
    restartOperation({
      stateDirectory: device.directories.state,
      tmp: device.directories.tmp,
      proc,
      settings: async () => settings,
      sudo: createSudo({ enabled: false, path: "" }),
      disk,
      exec,
      clock: systemClock,
      log: { error() {}, warn() {}, info() {}, debug() {}, trace() {} },
    }),
  ];
}

async function boot({ id, uptime }: { id?: string; uptime: string }): Promise<void> {
  await rm(proc, { recursive: true, force: true });
  await mkdir(join(proc, "sys/kernel/random"), { recursive: true });
  await writeFile(join(proc, "uptime"), `${uptime}\n`);
  if (id !== undefined) await writeFile(join(proc, "sys/kernel/random/boot_id"), `${id}\n`);
}

/** What restarts the machine; it notes that it was called. */
async function rebootScript(lines: string): Promise<void> {
  await writeFile(reboot, `#!/bin/sh\necho "$*" >> "${reboot}.calls"\n${lines}\n`);
  await chmod(reboot, 0o755);
}

const calls = () => readFile(`${reboot}.calls`, "utf8").catch(() => "");
const called = async () => {
  while ((await calls()) === "") await Bun.sleep(2);
};
const witness = () => join(device.directories.tmp, "tedge_agent_restart");
const record = () => readFile(join(device.directories.state, "restart-current-operation"), "utf8").catch(() => "");
const FINAL = { status: "failed" };

/** Up to where the machine goes down, by a stop of the agent or by loss of power. */
async function goDown(how: "stop" | "power"): Promise<void> {
  await device.start();
  device.request("restart", "1");
  await called();
  if (how === "stop") await device.stop();
  device.abandon();
}

describe.each(["stop", "power"] as const)("a restart that ends the agent by %s", (how) => {
  test("is successful when the machine was booted, and leaves nothing behind", async () => {
    await goDown(how);
    expect(JSON.parse(await record())).toMatchObject({
      target: "device/main//",
      cmd_id: "1",
      payload: { status: "executing" },
    });
    expect(await readFile(witness(), "utf8")).toMatch(/^\d{10}$/);
    await boot({ id: "boot-2", uptime: "3.00 2.00" });
    await device.start();
    expect(await device.untilFinal("restart", "1")).toMatchObject({
      status: "successful",
      resumed_at: expect.any(String),
    });
    while ((await record()) !== "") await Bun.sleep(2);
    expect(await device.files(device.directories.tmp)).toEqual([]);
    expect(await calls()).toBe("now\n");
  });

  test("fails when only the agent was started again, and is not tried once more", async () => {
    await goDown(how);
    await device.start();
    expect(await device.untilFinal("restart", "1")).toMatchObject({ ...FINAL, reason: "Device failed to restart" });
    while ((await record()) !== "") await Bun.sleep(2);
    expect(await calls()).toBe("now\n");
  });
});

describe("whether the machine was booted", () => {
  async function judge(): Promise<unknown> {
    await device.start();
    const { status, reason } = await device.untilFinal("restart", "1");
    return reason ?? status;
  }

  test("tells, without names of boots, the time of the boot", async () => {
    await boot({ uptime: "1000.00 0" });
    await goDown("power");
    await writeFile(witness(), String(Math.floor(Date.now() / 1_000) - 500));
    await boot({ uptime: "100.99 0" });
    expect(await judge()).toBe("successful");
  });

  test("is denied when the boot was before the restart", async () => {
    await boot({ uptime: "1000.00 0" });
    await goDown("power");
    expect(await judge()).toBe("Device failed to restart");
  });

  test("is told by a witness file that is gone", async () => {
    await goDown("power");
    await rm(witness());
    expect(await judge()).toBe("successful");
  });

  test("does not depend on a clock that was set meanwhile", async () => {
    await goDown("power");
    await writeFile(witness(), String(Math.floor(Date.now() / 1_000) - 100_000));
    expect(await judge()).toBe("Device failed to restart");
  });

  test.each([
    [
      "an uptime that is none",
      async () => boot({ uptime: "up" }),
      /^Fail to detect a restart: .*uptime does not begin/,
    ],
    ["no uptime", async () => rm(proc, { recursive: true }), /^Fail to detect a restart: Cannot read .*uptime/],
    [
      "a witness that is no time",
      async () => {
        await boot({ uptime: "1.0 1.0" });
        await writeFile(witness(), "soon");
      },
      /^Fail to detect a restart: .*tedge_agent_restart does not hold a time/,
    ],
    [
      "a record that is none",
      () => writeFile(join(device.directories.state, "restart-current-operation"), "{"),
      /^Fail to detect a restart: .* is not the record of a restart/,
    ],
    [
      "a record of another status",
      () =>
        writeFile(
          join(device.directories.state, "restart-current-operation"),
          '{"target":"device/main//","cmd_id":"1","payload":{"status":"scheduled"}}',
        ),
      /^The agent has been restarted but not the device$/,
    ],
  ])("cannot be said with %s", async (_what, spoil, reason) => {
    await goDown("power");
    await spoil();
    expect(await judge()).toMatch(reason);
    expect(await calls()).toBe("now\n");
  });
});

describe("a restart fails", () => {
  async function reasonOf(): Promise<string> {
    await device.start();
    device.request("restart", "1");
    const { status, reason } = await device.untilFinal("restart", "1");
    expect(status).toBe("failed");
    while ((await record()) !== "") await Bun.sleep(2);
    expect(await device.files(device.directories.tmp)).toEqual([]);
    return String(reason);
  }

  test("when its command does", async () => {
    await rebootScript("echo no right >&2; exit 3");
    expect(await reasonOf()).toBe(`Fail to trigger a restart: Command returned non 0 exit code: "${reboot}" "now"`);
    const log = await device.log("restart", "1");
    expect(log).toContain("----- $ sync");
    expect(log).toContain(`----- $ ${reboot} "now"`);
    expect(log).toContain("no right");
  });

  test("when its command is not there", async () => {
    settings = ok({ command: ["/nonexistent/reboot"], timeout: 30 });
    expect(await reasonOf()).toMatch(/^Fail to trigger a restart: Cannot run \/nonexistent\/reboot: No such file/);
  });

  test("when system.toml cannot be read", async () => {
    settings = err(fault("invalid-system-toml", "Toml syntax error"));
    expect(await reasonOf()).toBe("Fail to trigger a restart: Toml syntax error");
  });

  test("when its command takes too long, which is ended", async () => {
    await rebootScript("sleep 60");
    settings = ok({ command: [reboot, "now"], timeout: 0.2 });
    expect(await reasonOf()).toBe("Restart command still running after 0.2 seconds");
  });

  test.each([
    ["its command has done nothing", [""]],
    ["its command was killed", ["kill -9 $$"]],
  ])("when %s and nobody stops the agent", async (_what, [script]) => {
    await rebootScript(script ?? "");
    settings = ok({ command: [reboot, "now"], timeout: 0.2 });
    expect(await reasonOf()).toBe("No shutdown has been triggered");
  });

  test("when there is no command", async () => {
    settings = ok({ command: [], timeout: 0.05 });
    expect(await reasonOf()).toBe("No shutdown has been triggered");
    expect(await calls()).toBe("");
  });

  test("when what has to survive cannot be written, before anything is done", async () => {
    const refuse = (name: string): Disk => ({
      ...realDisk,
      replace: async (path, content) =>
        path.endsWith(name) ? err(fault("disk-full", `Cannot write ${path}`)) : realDisk.replace(path, content),
    });
    disk = refuse("restart-current-operation");
    useBuiltin();
    const { state, tmp } = device.directories;
    expect(await reasonOf()).toBe(
      `Fail to update the restart state in ${state}/restart-current-operation due to: Cannot write ${state}/restart-current-operation`,
    );
    await device.stop();
    device.clear("restart", "1");
    disk = refuse("tedge_agent_restart");
    useBuiltin();
    await device.start();
    device.request("restart", "2");
    expect(await device.untilFinal("restart", "2")).toMatchObject({
      reason: `Fail to create a witness file in ${tmp} due to: Cannot write ${tmp}/tedge_agent_restart`,
    });
    expect(await calls()).toBe("");
  });
});

test("a restart whose agent died before it did anything is done at the next start", async () => {
  disk = { ...realDisk, replace: () => new Promise(() => undefined) };
  useBuiltin();
  await device.start();
  device.request("restart", "1");
  await device.until(() => device.state("restart", "1").status === "executing");
  device.abandon();
  disk = realDisk;
  useBuiltin();
  await device.start();
  await called();
  expect(await calls()).toBe("now\n");
});

test("the command that restarts the machine goes on when it stops the agent first", async () => {
  await rebootScript(
    `touch "${reboot}.begun"; while ! [ -e "${reboot}.go" ]; do sleep 0.01; done; touch "${reboot}.done"`,
  );
  await goDown("stop");
  await writeFile(`${reboot}.go`, "");
  while (!(await Bun.file(`${reboot}.done`).exists())) await Bun.sleep(2);
  await boot({ id: "boot-2", uptime: "3.00 2.00" });
  await device.start();
  expect(await device.untilFinal("restart", "1")).toMatchObject({ status: "successful" });
});

test("a restart that is cleared ends its command and leaves nothing behind", async () => {
  await rebootScript("sleep 60");
  await device.start();
  device.request("restart", "1");
  await called();
  device.clear("restart", "1");
  while ((await record()) !== "") await Bun.sleep(2);
  expect(await device.files(device.directories.tmp)).toEqual([]);
  expect(device.statuses("restart", "1")).toEqual(["init", "scheduled", "executing", ""]);
});
