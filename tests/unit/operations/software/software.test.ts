import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { isJsonObject, type JsonObject } from "../../../../src/base/json.ts";
import { err } from "../../../../src/base/result.ts";
import { waitUntil } from "../../../system/world/wait-until.ts";
import { SoftwareDevice } from "./a-software-device.ts";

let device: SoftwareDevice;

beforeEach(() => {
  device = new SoftwareDevice();
});

afterEach(() => device.dispose());

const logOf = (state: JsonObject) => String(state.logPath);
const install = (name: string, members: JsonObject = {}) => ({ name, action: "install", ...members });
const remove = (name: string, members: JsonObject = {}) => ({ name, action: "remove", ...members });

async function update(updateList: readonly JsonObject[], id = "1"): Promise<JsonObject> {
  device.request("software_update", id, { updateList });
  return device.untilFinal("software_update", id);
}

/** A case of a plugin that waits until a file is there. */
const waits = (command: string, path: string) =>
  `${command}) echo $$ >${path}.pid; while [ ! -e ${path} ]; do sleep 0.02; done ;;`;

describe("the capabilities", () => {
  test("name the plugins, in alphabetical order", async () => {
    device.plugin("snap");
    device.plugin("apt");
    device.folder.add("broken", "exit 1");
    await device.start();
    await device.until(() => device.capability("software_update") === '{"types":["apt","snap"]}');
    expect(device.capability("software_list")).toBe('{"types":["apt","snap"]}');
  });

  test("are empty where there are no plugins, or not even their directory", async () => {
    rmSync(device.plugins, { recursive: true });
    await device.start();
    await device.until(() => device.capability("software_update") === '{"types":[]}');
  });

  test("are published again when a plugin comes or goes, also where there was no directory for them", async () => {
    rmSync(device.plugins, { recursive: true });
    await device.start();
    await device.until(() => device.capability("software_update") === '{"types":[]}');
    mkdirSync(device.plugins);
    device.plugin("snap");
    await device.until(() => device.capability("software_update") === '{"types":["snap"]}');
    await device.until(() => device.capability("software_list") === '{"types":["snap"]}');
    rmSync(join(device.plugins, "snap"));
    await device.until(() => device.capability("software_update") === '{"types":[]}');
  });

  test("are published again on sync, and after an update, which may have brought a plugin", async () => {
    device.plugin("apt", `update-list) cp ${device.plugins}/apt ${device.plugins}/new ;;`);
    await device.start();
    await device.until(() => device.capability("software_update") === '{"types":["apt"]}');
    device.plugin("snap");
    device.send("te/device/main/service/tedge-agent/signal/sync", "");
    await device.until(() => device.capability("software_update") === '{"types":["apt","snap"]}');
    await update([{ type: "apt", modules: [install("new")] }]);
    await device.until(() => device.capability("software_list") === '{"types":["apt","new","snap"]}');
  });
});

describe("software_list", () => {
  async function list(id = "1"): Promise<JsonObject> {
    device.request("software_list", id);
    return device.untilFinal("software_list", id);
  }

  test("has one list for each plugin", async () => {
    device.plugin("b");
    device.folder.add("a", "exit 0");
    await device.start();
    const state = await list();
    expect(state).toMatchObject({
      status: "successful",
      currentSoftwareList: [
        { type: "a", modules: [] },
        { type: "b", modules: [{ name: "zlib", version: "1.2" }, { name: "plain" }] },
      ],
    });
    expect(device.statuses("software_list", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    expect(readFileSync(logOf(state), "utf8")).toContain(`----- $ ${device.plugins}/b "list"\nExit status: 0 (OK)`);
    await waitUntil("nothing is current", () => device.currentOperation() === "");
    expect(device.executed).toBe(1);
  });

  test("without any plugin is empty and successful", async () => {
    await device.start();
    expect(await list()).toMatchObject({
      status: "successful",
      currentSoftwareList: [{ type: "", modules: [] }],
    });
  });

  test("obeys the settings as they are now", async () => {
    device.plugin("apt");
    await device.start();
    device.settings = { maxPackages: 1 };
    expect(await list()).toMatchObject({ currentSoftwareList: [{ modules: [{ name: "zlib" }] }] });
    device.settings = { maxPackages: 1, include: "[" };
    const state = await list("2");
    expect(state.reason).toBe(
      `Plugin error for "apt", reason: "Invalid regular expression [: ${whyInvalid("[")}", see device log file ${logOf(state)}`,
    );
  });

  test("of a plugin that fails is left out and fails the command, with the others there", async () => {
    device.plugin("apt");
    device.plugin("snap");
    await device.start();
    await device.until(() => device.capability("software_list") === '{"types":["apt","snap"]}');
    device.folder.add("snap", "echo 'no \"snapd\"' >&2; exit 3");
    const state = await list();
    expect(state).toMatchObject({
      status: "failed",
      reason: `Plugin error for "snap", reason: "no \\"snapd\\"", see device log file ${logOf(state)}`,
      currentSoftwareList: [{ type: "apt" }],
    });
    device.folder.add("apt", "exit 3");
    const both = await list("2");
    expect(both.reason).toBe(`2 errors, see device log file ${logOf(both)}`);
  });
});

describe("software_update", () => {
  test("prepares, hands everything over at once, finalizes, for one group after the other", async () => {
    device.plugin("apt");
    device.plugin("snap");
    await device.start();
    const state = await update([
      { type: "snap", modules: [install("s")] },
      { type: "apt", modules: [install("a", { version: "1" }), remove("b", { version: "2" }), { name: "none" }] },
    ]);
    expect(state.status).toBe("successful");
    expect(device.calls).toEqual([
      "snap prepare",
      "snap update-list",
      "install|s||",
      "snap finalize",
      "apt prepare",
      "apt update-list",
      "install|a|1|",
      "remove|b|2|",
      "apt finalize",
    ]);
    expect(device.statuses("software_update", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    expect(state.failures).toBeUndefined();
    expect(state.updateList).toHaveLength(2);
  });

  test("takes modules one by one where the plugin knows no update-list; one that fails does not stop the others", async () => {
    const cases = [
      "update-list) exit 1 ;;",
      'install) if [ "$2" = bad ]; then echo more >&2; echo "E: no such package" >&2; exit 2; fi ;;',
      "remove) exit 5 ;;",
    ];
    device.plugin("apt", cases.join("\n"));
    await device.start();
    const state = await update([
      { type: "apt", modules: [install("bad", { version: "7" }), install("good", { version: "1" }), remove("gone")] },
    ]);
    expect(device.calls.slice(2)).toEqual([
      "apt install bad --module-version 7",
      "apt install good --module-version 1",
      "apt remove gone",
      "apt finalize",
    ]);
    expect(state).toMatchObject({
      status: "failed",
      reason: `Failed to install bad 7: E: no such package,Failed to uninstall gone: exit code 5, see device log file ${logOf(state)}`,
      failures: [
        {
          type: "apt",
          modules: [
            { name: "bad", version: "7", action: "install", reason: "more\nE: no such package" },
            { name: "gone", action: "remove", reason: "exit code 5" },
          ],
        },
      ],
    });
  });

  test("downloads packages before, gives the plugin their paths and removes them", async () => {
    device.plugin("apt", 'update-list) exit 1 ;;\ninstall) cat "$6" >&2; exit 1 ;;');
    await device.start();
    const modules = [install("a/b", { version: "1:2", url: "http://user:secret@h/x.deb" }), install("c")];
    const state = await update([{ type: "apt", modules }]);
    const path = join(device.directories.tmp, "a%2fb_1%3a2");
    expect(device.calls[2]).toBe(`apt install a/b --module-version 1:2 --file ${path}`);
    expect(state.reason).toStartWith("Failed to install a/b 1:2: content");
    expect(await device.files(device.directories.tmp)).toEqual([]);
    const log = readFileSync(logOf(state), "utf8");
    expect(log).toContain(`----- $ Downloading: http://user:***@h/x.deb to ${path} \n`);
  });

  test("gives update-list the path of a package to install", async () => {
    device.plugin("apt");
    await device.start();
    await update([{ type: "apt", modules: [install("a", { url: "http://h/a" }), remove("b", { url: "http://h/b" })] }]);
    expect(device.calls.slice(2, 4)).toEqual([`install|a||${device.directories.tmp}/a`, "remove|b||"]);
  });

  test("updates nothing when a package cannot be downloaded, but finalizes", async () => {
    device.plugin("apt");
    device.transfer = { ...device.transfer, download: async () => err(fault("refused", "404 Not Found")) };
    await device.start();
    const state = await update([{ type: "apt", modules: [install("a"), install("b", { url: "http://h/b" })] }]);
    expect(device.calls).toEqual(["apt prepare", "apt finalize"]);
    expect(state).toMatchObject({
      reason: `DownloadError error: "404 Not Found" for "http://h/b", see device log file ${logOf(state)}`,
      failures: [{ type: "apt", modules: [{ name: "b", url: "http://h/b", action: "install" }] }],
    });
  });

  test("leaves a group alone that cannot be prepared, and goes on with the next", async () => {
    device.plugin("apt", "prepare) echo offline >&2; exit 2 ;;");
    device.plugin("snap");
    await device.start();
    const state = await update([
      { type: "apt", modules: [install("a")] },
      { type: "snap", modules: [install("s")] },
    ]);
    expect(device.calls).toEqual(["apt prepare", "snap prepare", "snap update-list", "install|s||", "snap finalize"]);
    expect(state).toMatchObject({
      status: "failed",
      reason: `Failed to prepare updates for "apt": offline, see device log file ${logOf(state)}`,
      failures: [{ type: "apt", modules: [] }],
    });
  });

  test.each([
    [
      "update-list) echo a >&2; exit 2 ;;\nfinalize) exit 3 ;;",
      'Failed to execute updates for "apt": a,Failed to finalize updates for "apt": exit code 3',
    ],
    ["update-list) kill -9 $$ ;;", 'Failed to execute updates for "apt": Interrupted'],
    ["finalize) exit 3 ;;", 'Failed to finalize updates for "apt": exit code 3'],
  ])("tells what failed of %p", async (cases, reason) => {
    device.plugin("apt", cases);
    await device.start();
    const state = await update([{ type: "apt", modules: [install("a")] }]);
    expect(state.reason).toBe(`${reason}, see device log file ${logOf(state)}`);
  });

  test("counts the groups that fail when there are several", async () => {
    device.plugin("apt", "prepare) exit 2 ;;");
    await device.start();
    const state = await update([
      { type: "apt", modules: [install("a")] },
      { type: "rpm", modules: [install("b"), remove("c")] },
    ]);
    expect(state.reason).toBe(`2 errors, see device log file ${logOf(state)}`);
    expect(state.failures).toEqual([
      { type: "apt", modules: [] },
      {
        type: "rpm",
        modules: [
          { name: "b", action: "install", reason: 'Unknown software type: "rpm"' },
          { name: "c", action: "remove", reason: 'Unknown software type: "rpm"' },
        ],
      },
    ]);
    expect(readFileSync(logOf(state), "utf8")).toContain(
      'ERROR: Unknown software type: "rpm". The affected packages are: ["b", "c"]\n',
    );
  });

  test("finds the plugin of the type default: the configured one, else the only one", async () => {
    device.plugin("apt");
    await device.start();
    const request = [{ type: "default", modules: [install("a")] }];
    expect((await update(request, "1")).status).toBe("successful");
    device.plugin("snap");
    const many = await update(request, "2");
    expect(many.reason).toStartWith('Unknown software type: "default". The affected packages are: ["a"]');
    device.settings = { maxPackages: 0, defaultType: "snap" };
    expect((await update(request, "3")).status).toBe("successful");
    expect(device.calls.at(-1)).toBe("snap finalize");
  });

  test("looks for plugins before each update, and fails with a reason when their directory is missing", async () => {
    await device.start();
    device.plugin("apt");
    expect((await update([{ type: "apt", modules: [] }], "1")).status).toBe("successful");
    rmSync(device.plugins, { recursive: true });
    expect((await update([{ type: "apt", modules: [] }], "2")).reason).toStartWith(
      `There are no software plugins: Cannot read ${device.plugins}`,
    );
  });

  test("that cannot be read fails with a reason", async () => {
    device.plugin("apt");
    await device.start();
    device.request("software_update", "1", {
      updateList: [{ type: "apt", modules: [{ name: "a", action: "explode" }] }],
    });
    expect(await device.untilFinal("software_update", "1")).toMatchObject({
      status: "failed",
      reason: "Invalid software_update request: updateList.0.modules.0.action: must be install or remove",
    });
    expect(device.calls).toEqual([]);
  });
});

describe("commands of both operations", () => {
  test("are executed one at a time", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt", waits("prepare", gate));
    await device.start();
    device.request("software_update", "1", { updateList: [{ type: "apt", modules: [] }] });
    await device.until(() => device.statuses("software_update", "1").includes("executing"));
    await waitUntil("the plugin runs", () => existsSync(`${gate}.pid`));
    device.request("software_list", "1");
    await device.until(() => device.statuses("software_list", "1").includes("executing"));
    expect(device.currentOperation()).toStartWith('{"SoftwareUpdateCommand"');
    expect(device.executed).toBe(0);
    writeFileSync(gate, "");
    expect((await device.untilFinal("software_list", "1")).status).toBe("successful");
    expect(device.state("software_update", "1").status).toBe("successful");
    expect(device.executed).toBe(2);
  });

  test("end with their plugin when they are cleared, and leave nothing behind", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt", waits("update-list", gate));
    await device.start();
    const modules = [install("a", { url: "http://h/a" })];
    device.request("software_update", "1", { updateList: [{ type: "apt", modules }] });
    const pid = await waitUntil(
      "the plugin runs",
      () => existsSync(`${gate}.pid`) && readFileSync(`${gate}.pid`, "utf8"),
    );
    device.clear("software_update", "1");
    await waitUntil("the plugin is gone", () => !existsSync(`/proc/${pid.trim()}`));
    device.request("software_list", "2");
    await device.untilFinal("software_list", "2");
    expect(device.statuses("software_update", "1")).toEqual(["init", "scheduled", "executing", ""]);
    expect(device.calls).not.toContain("apt finalize");
    expect(await device.files(device.directories.tmp)).toEqual([]);
    await waitUntil("nothing is current", () => device.currentOperation() === "");
  });

  test("that were interrupted by the end of the agent fail at the next start, and what waited is executed then", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt", waits("update-list", gate));
    await device.start();
    const modules = [install("a", { url: "http://h/a" })];
    device.request("software_update", "1", { updateList: [{ type: "apt", modules }] });
    await waitUntil("the plugin runs", () => existsSync(`${gate}.pid`));
    device.request("software_list", "1");
    await device.until(() => device.statuses("software_list", "1").includes("executing"));
    device.abandon();
    expect(await device.files(device.directories.tmp)).toEqual(["a"]);
    await device.start();
    expect((await device.untilFinal("software_update", "1")).reason).toBe(
      "Software Update command cancelled due to unexpected agent restart",
    );
    expect((await device.untilFinal("software_list", "1")).status).toBe("successful");
    await device.until(() => device.executed === 1);
    expect(device.calls).toEqual(["apt prepare", "apt update-list"]);
    await waitUntil("nothing is left", async () => (await device.files(device.directories.tmp)).length === 0);
    writeFileSync(gate, "");
  });

  test("of a list that was interrupted fail at the next start", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt");
    await device.start();
    await device.until(() => device.capability("software_list") === '{"types":["apt"]}');
    device.plugin("apt", waits("list", gate));
    device.request("software_list", "1");
    await waitUntil("the plugin runs", () => existsSync(`${gate}.pid`));
    await device.stop();
    await writeFile(gate, "");
    await device.start();
    expect((await device.untilFinal("software_list", "1")).reason).toBe(
      "Software List request cancelled due to unexpected agent restart",
    );
  });

  test("come to their end when the agent stops during their last module", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt", waits("update-list", gate));
    await device.start();
    device.request("software_update", "1", { updateList: [{ type: "apt", modules: [install("a")] }] });
    await waitUntil("the plugin runs", () => existsSync(`${gate}.pid`));
    const stopped = device.stop(20_000);
    writeFileSync(gate, "");
    await stopped;
    expect(device.calls).toEqual(["apt prepare", "apt update-list", "apt finalize"]);
    expect(device.state("software_update", "1").status).toBe("successful");
  });

  test("let the package manager end what it does when the agent stops before, and begin nothing more", async () => {
    const gate = join(device.folder.root, "gate");
    device.plugin("apt", `update-list) exit 1 ;;\n${waits("install", gate)}`);
    await device.start();
    const modules = [install("a"), install("b")];
    device.request("software_update", "1", { updateList: [{ type: "apt", modules }] });
    await waitUntil("the plugin runs", () => existsSync(`${gate}.pid`));
    const stopped = device.stop(20_000);
    writeFileSync(gate, "");
    await stopped;
    expect(device.calls).toEqual(["apt prepare", "apt update-list", "apt install a"]);
    expect(device.state("software_update", "1")).toMatchObject({
      status: "failed",
      reason: "Software Update command cancelled due to unexpected agent restart",
    });
  });
});

function whyInvalid(pattern: string): string {
  try {
    return String(new RegExp(pattern));
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : "";
  }
}

test("the state of a command is a JSON object with the members of the request", async () => {
  device.plugin("apt");
  await device.start();
  device.request("software_update", "1", { updateList: [], extra: { kept: true } });
  const state = await device.untilFinal("software_update", "1");
  expect(isJsonObject(state) && state.extra).toEqual({ kept: true });
});
