// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exec } from "../../../../src/base/exec.ts";
import { fault } from "../../../../src/base/fault.ts";
import { err } from "../../../../src/base/result.ts";
import { createSudo } from "../../../../src/base/sudo.ts";
import { createConfigOperations } from "../../../../src/operations/configuration/config-operations.ts";
import { CONFIG_SNAPSHOT_DEFINITION } from "../../../../src/operations/configuration/config-snapshot-definition.ts";
import { CONFIG_UPDATE_DEFINITION } from "../../../../src/operations/configuration/config-update-definition.ts";
import { Device } from "../a-device.ts";

let device: Device;
let plugins: string;
let uploads: { readonly content: string; readonly url: string; readonly mode: string }[];

beforeEach(async () => {
  device = new Device();
  plugins = join(device.root, "plugins");
  uploads = [];
  for (const directory of [plugins, device.directories.tmp]) mkdirSync(directory);
  const upload = device.transfer.upload;
  device.transfer = {
    ...device.transfer,
    async upload(path, url, signal) {
      const mode = (statSync(path).mode & 0o777).toString(8);
      uploads.push({ content: readFileSync(path, "latin1"), url, mode });
      return upload(path, url, signal);
    },
  };
  await define(CONFIG_SNAPSHOT_DEFINITION);
  await define(CONFIG_UPDATE_DEFINITION);
});

afterEach(() => device.dispose());

const define = ({ operation, text }: { readonly operation: string; readonly text: string }) =>
  device.define(operation, text);

/** Writes a plugin, with `list` unless it brings its own. Each of its calls is noted in `calls`. */
function addPlugin(name: string, script: string, types = "app\n"): void {
  const list = `if [ "$1" = list ]; then printf '${types}'; exit; fi\necho "$@" >>${calls()}\n`;
  writeFileSync(join(plugins, name), `#!/bin/sh\n${list}${script}\n`);
  chmodSync(join(plugins, name), 0o755);
}

/** What a plugin does whose agent is killed: it goes on, in these tests until they are over. */
const LINGER = "while [ -e $0 ]; do sleep 0.1; done; exit 1";

const calls = () => join(device.root, "calls");
const noted = () => (existsSync(calls()) ? readFileSync(calls(), "utf8").trim().split("\n") : []);
const tmpFiles = () => readdirSync(device.directories.tmp);

async function start(): Promise<void> {
  const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const sudo = createSudo({ enabled: false, path: process.env.PATH });
  device.builtins = createConfigOperations({
    pluginDirectories: [join(device.root, "first"), plugins],
    pluginFile: join(device.root, "plugin.toml"),
    tools: { tmp: device.directories.tmp, sudo, clock: device.clock, exec, log },
    transfer: device.transfer,
    fileServer: { https: false, host: "127.0.0.1", port: 8000 },
  });
  await device.start();
}

async function request(operation: string, members: Readonly<Record<string, string | number | boolean>>) {
  device.request(operation, "1", members);
  const final = await device.untilFinal(operation, "1");
  await device.stop();
  return final;
}

const types = (operation: string) => device.retained.get(`te/device/main///cmd/${operation}`);

describe("the types of configurations", () => {
  test("are those of all plugins, sorted, without a suffix for the plugin file, on both topics", async () => {
    addPlugin("file", "", "b\\n\\n  a  \\n");
    addPlugin("lua", "", "b\\na");
    addPlugin("broken", "", "x\\n'; exit 1; echo '");
    await start();
    const all = '{"types":["a","a::lua","b","b::lua"]}';
    await device.until(() => types("config_snapshot") === all && types("config_update") === all);
  });

  test("follow plugins that come and go, and the file of the plugin file", async () => {
    await start();
    await device.until(() => types("config_update") === '{"types":[]}');
    addPlugin("file", "");
    await device.until(
      () => types("config_snapshot") === '{"types":["app"]}' && types("config_update") === '{"types":["app"]}',
    );
    mkdirSync(join(device.root, "first"));
    writeFileSync(join(device.root, "first", "file"), "#!/bin/sh\ncat ../plugin.toml\n");
    chmodSync(join(device.root, "first", "file"), 0o755);
    writeFileSync(join(device.root, "plugin.toml"), "other\n");
    await device.until(() => types("config_update") === '{"types":["other"]}');
    writeFileSync(join(device.root, "plugin.toml"), "third\n");
    await device.until(() => types("config_update") === '{"types":["third"]}');
  });

  test.each(["sync", "sync_config"])("are asked for anew by the signal %s, once for both topics", async (signal) => {
    const list = `echo x >>${join(device.root, "lists")}; echo app; exit`;
    writeFileSync(join(plugins, "file"), `#!/bin/sh\n${list}\n`);
    chmodSync(join(plugins, "file"), 0o755);
    await start();
    await device.until(() => types("config_update") !== undefined);
    const before = device.messages.length;
    device.send(`te/device/main/service/tedge-agent/signal/${signal}`, "{}");
    await device.until(() => device.messages.slice(before).some(({ topic }) => topic.endsWith("cmd/config_update")));
    expect(readFileSync(join(device.root, "lists"), "utf8")).toBe("x\nx\n");
  });

  test("are asked for anew after software was updated", async () => {
    await device.define("software_update", 'operation = "software_update"\n[init]\naction = "proceed"\n');
    addPlugin("file", "");
    await start();
    await device.until(() => types("config_update") !== undefined);
    const before = device.messages.length;
    device.request("software_update", "1");
    await device.until(() => device.messages.slice(before).some(({ topic }) => topic.endsWith("cmd/config_update")));
  });
});

describe("a snapshot", () => {
  test("is what the plugin gives, sent to the address in the request; nothing of it stays or is logged", async () => {
    addPlugin("lua", `printf 'se\\000cret\\377'`);
    await start();
    const final = await request("config_snapshot", { type: "net/wifi::lua", tedgeUrl: "http://h/x" });
    expect(final).toMatchObject({ status: "successful", type: "net/wifi::lua", tedgeUrl: "http://h/x" });
    expect(device.statuses("config_snapshot", "1")).toEqual(["init", "executing", "get", "upload", "successful"]);
    expect(uploads).toEqual([{ content: "se\0cret\xff", url: "http://h/x", mode: "600" }]);
    expect(String(final.path)).toMatch(/\/tmp\/config_snapshot-net_wifi__lua-1-\d+\.conf$/);
    expect(noted()).toEqual(["get net/wifi"]);
    expect(tmpFiles()).toEqual([]);
    const log = await device.log("config_snapshot", "1");
    expect(log).toContain(`${join(plugins, "lua")} "get" "net/wifi"`);
    expect(log).not.toContain("cret");
  });

  test("without an address goes to the file transfer service", async () => {
    addPlugin("file", "echo x");
    await start();
    const final = await request("config_snapshot", { type: "/etc/a b%.conf" });
    const url = "http://127.0.0.1:8000/te/v1/files/main/config_snapshot/:etc:a%20b%25.conf-1";
    expect(final).toMatchObject({ status: "successful", tedgeUrl: url });
    expect(uploads).toMatchObject([{ url }]);
  });

  const FAILED = "builtin 'builtin:config_snapshot:get' action failed with: config_operation step 'get' failed: ";
  test.each([
    ["names no type", {}, "Missing key: type in payload"],
    ["names a type that is no text", { type: 5 }, "Invalid key: type in payload: "],
    ["names an unknown plugin", { type: "a::nobody" }, "Config plugin 'nobody' error: Plugin not found"],
    [
      "names a type that the plugin refuses",
      { type: "none" },
      "Config plugin 'file' error: Command execution failed: no such type",
    ],
  ])("fails with the reason when the request %s", async (_what, members, reason) => {
    addPlugin("file", "echo secret; echo 'no such type' >&2; exit 1");
    await start();
    const final = await request("config_snapshot", members);
    expect(final.status).toBe("failed");
    expect(String(final.reason)).toStartWith(FAILED + reason);
    expect(uploads).toEqual([]);
    expect(tmpFiles()).toEqual([]);
  });

  test("that cannot be sent leaves nothing behind either", async () => {
    device.transfer = { ...device.transfer, upload: async () => err(fault("refused", "Connection refused")) };
    addPlugin("file", "echo x");
    await start();
    expect(await request("config_snapshot", { type: "app" })).toMatchObject({
      status: "failed",
      reason: "builtin 'upload' action failed with: Upload failed: Connection refused",
    });
    expect(tmpFiles()).toEqual([]);
  });

  test("of a plugin that came a moment ago is found", async () => {
    await start();
    await device.until(() => types("config_update") !== undefined);
    addPlugin("file", "echo x");
    expect(await request("config_snapshot", { type: "app" })).toMatchObject({ status: "successful" });
  });

  test("is broken off with its plugin when it is cleared", async () => {
    addPlugin("file", "echo secret; echo $$ >>$0.pid; exec sleep 600");
    await start();
    device.request("config_snapshot", "1", { type: "app" });
    while (!existsSync(join(plugins, "file.pid"))) await new Promise((resolve) => setImmediate(resolve));
    device.clear("config_snapshot", "1");
    await device.received();
    await device.stop();
    expect(existsSync(`/proc/${readFileSync(join(plugins, "file.pid"), "utf8").trim()}/cwd`)).toBe(false);
    expect(tmpFiles()).toEqual([]);
  });

  test("that was being fetched when the agent was killed is fetched again, and what the first one left is removed", async () => {
    addPlugin("file", `[ -e $0.slow ] || { touch $0.slow; ${LINGER}; }\necho whole`);
    await start();
    device.request("config_snapshot", "1", { type: "app" });
    while (!existsSync(join(plugins, "file.slow"))) await new Promise((resolve) => setImmediate(resolve));
    device.abandon();
    writeFileSync(join(device.directories.tmp, "config_snapshot-app-1-1600000000.conf"), "half");
    await start();
    expect(await device.untilFinal("config_snapshot", "1")).toMatchObject({ status: "successful" });
    await device.stop();
    expect(uploads.map(({ content }) => content)).toEqual(["whole\n"]);
    expect(tmpFiles().filter((name) => name.includes("1600000000"))).toEqual([]);
  });

  test("in one go, as old workflows have it, is seen as init, scheduled, executing and its end", async () => {
    await device.undefine("config_snapshot");
    addPlugin("file", "[ $2 = app ] && echo x || { echo 'no such type' >&2; exit 1; }");
    await start();
    expect(await request("config_snapshot", { type: "app" })).toMatchObject({ status: "successful" });
    expect(device.statuses("config_snapshot", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    expect(uploads).toMatchObject([{ content: "x\n" }]);
    expect(tmpFiles()).toEqual([]);
    await start();
    device.request("config_snapshot", "2", { type: "nothing" });
    expect(await device.untilFinal("config_snapshot", "2")).toMatchObject({
      status: "failed",
      reason: "Config plugin 'file' error: Command execution failed: no such type",
    });
  });
});

/** Puts the content of `app` where it is told, keeps the old one for a rollback, and lets a marker make a command fail. */
const KEEPER = `
app=$0.app
for last; do :; done
if [ -e "$0.no-$1" ]; then echo "no $1" >&2; exit 1; fi
case $1 in
  prepare) cp "$app" "$last/backup" ;;
  set) cp "$3" "$app" ;;
  verify) [ "$(cat "$app")" = content ] ;;
  rollback) cp "$last/backup" "$app" ;;
esac`;

describe("an update", () => {
  const app = () => join(plugins, "file.app");
  const forbid = (command: string) => writeFileSync(join(plugins, `file.no-${command}`), "");
  const URLS = { remoteUrl: "http://h/new", serverUrl: "" };

  beforeEach(() => {
    writeFileSync(app(), "old");
    addPlugin("file", KEEPER);
  });

  test("is prepared, set and verified, in a directory of its own; nothing temporary stays", async () => {
    await start();
    const final = await request("config_update", { type: "app", ...URLS });
    expect(final).toMatchObject({ status: "successful", remoteUrl: "http://h/new" });
    expect(device.statuses("config_update", "1")).toEqual([
      "init",
      "executing",
      "download",
      "prepare",
      "set",
      "evaluate-agent-restart",
      "verify",
      "successful",
    ]);
    expect(readFileSync(app(), "utf8")).toBe("content");
    const file = join(device.directories.tmp, "config_update_1");
    const workDir = String(final.workDir);
    expect(workDir).toMatch(/\/tmp\/config_update-app-1-\d+$/);
    expect(noted()).toEqual([
      `prepare app ${file} --work-dir ${workDir}`,
      `set app ${file} --work-dir ${workDir}`,
      `verify app --work-dir ${workDir}`,
    ]);
    expect(tmpFiles()).toEqual([]);
  });

  test.each([
    ["set", "set"],
    ["verify", "verify"],
  ])("is rolled back when %s fails, and keeps the reason", async (command) => {
    forbid(command);
    await start();
    expect(await request("config_update", { type: "app", ...URLS })).toMatchObject({
      status: "failed",
      reason: `builtin 'builtin:config_update:${command}' action failed with: config_operation step '${command}' failed: Config plugin 'file' error: Command execution failed: no ${command}`,
    });
    expect(device.statuses("config_update", "1").slice(-2)).toEqual(["rollback", "failed"]);
    expect(readFileSync(app(), "utf8")).toBe("old");
    expect(tmpFiles()).toEqual([]);
  });

  test("whose rollback fails too tells both reasons", async () => {
    forbid("verify");
    forbid("rollback");
    await start();
    const { reason } = await request("config_update", { type: "app", ...URLS });
    expect(String(reason)).toMatch(
      /step 'rollback' failed: .*no rollback; before that: .*step 'verify' failed: .*no verify$/,
    );
    expect(tmpFiles()).toEqual([]);
  });

  test("that cannot be prepared changes nothing", async () => {
    forbid("prepare");
    await start();
    expect(await request("config_update", { type: "app", ...URLS })).toMatchObject({ status: "failed" });
    expect(noted().map((line) => line.split(" ")[0])).toEqual(["prepare"]);
    expect(readFileSync(app(), "utf8")).toBe("old");
    expect(tmpFiles()).toEqual([]);
  });

  test.each([
    ["names no type", {}, "prepare", "Missing key: type in payload"],
    ["names an unknown plugin", { type: "a::nobody" }, "prepare", "Plugin 'nobody' not found."],
  ])("fails with the reason when the request %s", async (_what, members, step, reason) => {
    await start();
    const final = await request("config_update", { ...members, ...URLS });
    expect(final).toMatchObject({
      status: "failed",
      reason: `builtin 'builtin:config_update:${step}' action failed with: config_operation step '${step}' failed: ${reason}`,
    });
  });

  test("whose download went before it was set, as after a loss of power, is rolled back", async () => {
    addPlugin("file", `[ $1 = prepare ] && rm "$3"\n${KEEPER}`);
    await start();
    const { reason } = await request("config_update", { type: "app", ...URLS });
    expect(String(reason)).toEndWith(`File '${join(device.directories.tmp, "config_update_1")}' not found.`);
    expect(readFileSync(app(), "utf8")).toBe("old");
  });

  test.each(["prepare", "set", "verify", "rollback"])(
    "that was killed during %s does it again and comes to its end",
    async (command) => {
      if (command === "rollback") forbid("verify");
      addPlugin("file", `if [ $1 = ${command} ] && ! [ -e $0.slow ]; then touch $0.slow; ${LINGER}; fi\n${KEEPER}`);
      await start();
      device.request("config_update", "1", { type: "app", ...URLS });
      while (!existsSync(join(plugins, "file.slow"))) await new Promise((resolve) => setImmediate(resolve));
      device.abandon();
      await start();
      const final = await device.untilFinal("config_update", "1");
      await device.stop();
      expect(final).toMatchObject({
        status: command === "rollback" ? "failed" : "successful",
        resumed_at: expect.any(String),
      });
      expect(readFileSync(app(), "utf8")).toBe(command === "rollback" ? "old" : "content");
      expect(noted().filter((line) => line.startsWith(command))).toHaveLength(2);
      expect(tmpFiles()).toEqual([]);
    },
  );

  test.each([
    [
      "the plugin",
      `${KEEPER}\n[ $1 != set ] || printf ':::begin-tedge:::\\n{"restartAgent":true}\\n:::end-tedge:::\\n'`,
      {},
    ],
    ["the request", KEEPER, { restartAgent: true }],
  ])("is verified by the next agent when %s wants a restart", async (_who, script, members) => {
    addPlugin("file", script);
    await start();
    device.request("config_update", "1", { type: "app", ...URLS, ...members });
    await device.until(() => device.restartRequests === 1);
    await device.stop();
    device.abandon();
    expect(noted().some((line) => line.startsWith("verify"))).toBe(false);
    await start();
    expect(await device.untilFinal("config_update", "1")).toMatchObject({ status: "successful", restartAgent: true });
    expect(device.statuses("config_update", "1")).toContain("await-agent-restart");
  });

  test("is rolled back when the agent does not restart in time", async () => {
    const timeOut = device.holdTimers(150_000);
    await start();
    device.request("config_update", "1", { type: "app", ...URLS, restartAgent: true });
    await device.until(() => device.statuses("config_update", "1").includes("await-agent-restart"));
    await device.until(() => device.restartRequests === 1);
    timeOut();
    expect(await device.untilFinal("config_update", "1")).toMatchObject({
      status: "failed",
      reason: "The agent did not restart in time",
    });
    expect(readFileSync(app(), "utf8")).toBe("old");
  });

  test("in one go, as old workflows have it, is downloaded and set", async () => {
    await device.undefine("config_update");
    await start();
    expect(await request("config_update", { type: "app", ...URLS })).toMatchObject({ status: "successful" });
    expect(device.statuses("config_update", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    const { tmp } = device.directories;
    expect(noted()).toEqual([`set app ${tmp}/config_update_1 --work-dir ${tmp}`]);
    expect(tmpFiles()).toEqual([]);
  });

  test.each([
    ["has no serverUrl", { type: "app", remoteUrl: "http://h/new" }, "Missing key: serverUrl in payload"],
    [
      "has no address at all",
      { type: "app", remoteUrl: "", serverUrl: "" },
      "No valid URL found in tedgeUrl or remoteUrl",
    ],
    ["names an unknown plugin", { type: "a::nobody", ...URLS }, "Plugin 'nobody' not found."],
  ])("in one go fails with the reason when the request %s", async (_what, members, reason) => {
    await device.undefine("config_update");
    await start();
    expect(await request("config_update", members)).toMatchObject({ status: "failed", reason });
    expect(tmpFiles()).toEqual([]);
  });

  test("in one go takes tedgeUrl before remoteUrl, and tells why a download failed", async () => {
    await device.undefine("config_update");
    const urls: string[] = [];
    device.transfer = {
      ...device.transfer,
      async download(url) {
        urls.push(url);
        return err(fault("refused", "Connection refused"));
      },
    };
    await start();
    const tedgeUrl = "http://local/new";
    expect(await request("config_update", { type: "app", tedgeUrl, ...URLS })).toMatchObject({
      status: "failed",
      reason: "config-manager failed downloading a file: Connection refused",
    });
    expect(urls).toEqual([tedgeUrl]);
  });
});

test("the steps can be used from any workflow, and what they left is removed when it ends", async () => {
  addPlugin("file", KEEPER);
  writeFileSync(join(plugins, "file.app"), "old");
  await device.define(
    "restore",
    `operation = "restore"
[init]
action = "proceed"
on_success = "save"
[save]
action = "builtin:config_snapshot:get"
on_success = "prepare"
[prepare]
action = "builtin:config_update:prepare"
input.setFrom = "\${.payload.path}"
on_success = "set"
[set]
action = "builtin:config_update:set"
on_success = "successful"
`,
  );
  await start();
  device.request("restore", "7", { type: "app" });
  expect(await device.untilFinal("restore", "7")).toMatchObject({ status: "successful" });
  await device.stop();
  expect(noted().map((line) => line.split(" ")[0])).toEqual(["get", "prepare", "set"]);
  expect(tmpFiles()).toEqual([]);
});
