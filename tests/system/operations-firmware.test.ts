import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { REPOSITORY } from "../../build/targets.ts";
import { connectProbe } from "./world/bus-probe.ts";
import type { Device } from "./world/device.ts";
import { type FileServer, serveFiles } from "./world/file-server.ts";
import { runToEnd } from "./world/program.ts";
import { type RebootingAgent, startRebootingAgent } from "./world/rebooting-agent.ts";
import { tempDir } from "./world/temp-dir.ts";
import { waitUntil } from "./world/wait-until.ts";

const EXAMPLE = join(REPOSITORY, "build/package/examples/firmware");
const SLOTS = join(EXAMPLE, "firmware-slots");

let world: AsyncDisposableStack;
let at: RebootingAgent;
let slots: string;
let source: FileServer;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  slots = world.use(await tempDir("slots")).path;
  source = world.use(serveFiles(slots));
  at = world.use(
    await startRebootingAgent({
      env: { FIRMWARE_SLOTS: slots },
      atBoot: `FIRMWARE_SLOTS="${slots}" "${SLOTS}" boot`,
      config: [`configuration.plugin_paths = "${join(slots, "config-plugins")}"`],
      prepare: layOut,
    }),
  );
}, 60_000);

afterEach(() => world.disposeAsync());

async function layOut(device: Device): Promise<void> {
  const workflow = await readFile(join(EXAMPLE, "firmware_update.toml"), "utf8");
  await put(
    join(device.configDir, "operations/firmware_update.toml"),
    workflow.replaceAll("/usr/local/bin/firmware-slots", SLOTS),
  );
  await put(
    join(device.configDir, "sm-plugins/stub"),
    `#!/bin/sh\ncase $1 in list) cat "${slots}/installed" 2>/dev/null; true;; install) echo "$2" >> "${slots}/installed";; update-list) exit 1;; esac\n`,
  );
  await put(
    join(slots, "config-plugins/stub"),
    `#!/bin/sh\ncase $1 in list) echo app;; set) cp "$3" "${slots}/app.conf";; esac\n`,
  );
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  if (text.startsWith("#!")) await chmod(path, 0o755);
}

async function run(operation: string, payload: Record<string, unknown>) {
  const topic = `te/device/main///cmd/${operation}/1`;
  const probe = world.use(await connectProbe(at.broker.port, ["te/device/main///#"]));
  await probe.waitFor(
    "the operation is offered",
    (message) => message.topic === `te/device/main///cmd/${operation}`,
    30_000,
  );
  await probe.publish(topic, JSON.stringify({ status: "init", ...payload }), { retain: true });
  const isLast = (message: { readonly topic: string; readonly payload: string }) =>
    message.topic === topic && /"status":"(successful|failed)"/.test(message.payload);
  const end = JSON.parse((await probe.waitFor(`${operation} ends`, isLast, 60_000)).payload);
  const states = probe.messages.flatMap((message) =>
    message.topic === topic ? [JSON.parse(message.payload).status] : [],
  );
  return { end, states: states.filter((status, index) => status !== states[index - 1]), messages: probe.messages };
}

async function firmware(content: string, version = "2.0") {
  await writeFile(join(slots, "core.img"), content);
  const remoteUrl = `${source.url}/core.img`;
  return { name: 'the "core"', version, remoteUrl, tedgeUrl: remoteUrl };
}

const slot = (name: string) => readFile(join(slots, name), "utf8").then((text) => text.trim());
const nothingIsLeft = () =>
  waitUntil("nothing is left", async () => (await readdir(join(at.device.root, "tmp"))).length === 0);

describe("the firmware workflow that comes as an example", () => {
  test("installs, restarts, verifies and keeps new firmware", async () => {
    const { end, states } = await run("firmware_update", await firmware("works"));
    expect(end).toMatchObject({ status: "successful", version: "2.0" });
    expect(states).toEqual([
      ...["init", "executing", "download", "install", "restart", "await_restart", "verify", "commit", "successful"],
    ]);
    expect([await slot("running"), await slot("default"), await slot("b.image")]).toEqual(["b", "b", "works"]);
    expect(at.starts()).toBe(2);
    await nothingIsLeft();
  }, 90_000);

  test("goes back to the old firmware when the new one does not prove itself", async () => {
    const { end, states } = await run("firmware_update", await firmware("BROKEN"));
    expect(end).toMatchObject({ status: "failed", reason: "The new firmware did not prove itself" });
    expect(states).toEqual([
      ...["init", "executing", "download", "install", "restart", "await_restart", "verify"],
      ...["rollback", "rollback_restart", "await_rollback_restart", "failed"],
    ]);
    expect(await slot("running")).toBe("a");
    expect(at.starts()).toBe(3);
    await nothingIsLeft();
  }, 90_000);

  test("changes nothing when there is nothing to fetch, or to install", async () => {
    const request = await firmware("");
    const { end } = await run("firmware_update", request);
    expect(end).toMatchObject({ status: "failed", reason: "The firmware cannot be installed" });
    expect(at.starts()).toBe(1);
  }, 90_000);
});

test("the stand-in for an updater refuses what it does not know", async () => {
  const env = { ...process.env, FIRMWARE_SLOTS: slots };
  for (const words of [[], ["explode"], ["install", "a"], ["verify"], ["verify", "core", "9"]]) {
    expect(await runToEnd([SLOTS, ...words], { env })).toMatchObject({ code: 1, stdout: "" });
  }
  expect(await runToEnd(["shellcheck", "--format=gcc", SLOTS])).toMatchObject({ code: 0, stdout: "" });
});

describe("a device profile", () => {
  const operations = async (image: string) => {
    await writeFile(join(slots, "new.conf"), "new");
    const configuration = `${source.url}/new.conf`;
    return [
      { operation: "software_update", "@skip": true, payload: { updateList: "nonsense" } },
      { operation: "firmware_update", "@skip": false, payload: await firmware(image) },
      {
        operation: "software_update",
        "@skip": false,
        payload: { updateList: [{ type: "stub", modules: [{ name: "nodered", action: "install" }] }] },
      },
      {
        operation: "config_update",
        "@skip": false,
        payload: { type: "app::stub", remoteUrl: configuration, serverUrl: configuration },
      },
      { operation: "restart", "@skip": false, payload: {} },
    ];
  };

  test("applies firmware, software and configuration, over restarts, and tells its name as a twin value", async () => {
    const name = 'a "profile" with \\ and ü';
    const { end, messages } = await run("device_profile", {
      name,
      version: "v2",
      operations: await operations("works"),
    });
    expect(end).toMatchObject({ status: "successful" });
    expect([await slot("b.image"), await slot("installed"), await slot("app.conf")]).toEqual([
      "works",
      "nodered",
      "new",
    ]);
    expect(at.starts()).toBe(3);
    const twin = messages.filter(({ topic }) => topic.endsWith("/twin/device_profile")).map(({ payload }) => payload);
    expect(twin.map((payload) => JSON.parse(payload))).toEqual([{ name, version: "v2" }]);
    await nothingIsLeft();
  }, 120_000);

  test("stops at the first operation that fails", async () => {
    const { end, messages } = await run("device_profile", { name: "p", operations: await operations("BROKEN") });
    expect(end).toMatchObject({ status: "failed", reason: "Device profile application failed" });
    expect(messages.some(({ topic }) => topic.includes("/cmd/software_update/sub:"))).toBe(false);
    expect(messages.some(({ topic }) => topic.endsWith("/twin/device_profile"))).toBe(false);
    expect(await readFile(join(at.device.logsDir, "agent/workflow-device_profile-1.log"), "utf8")).toContain(
      "the firmware of slot b does not work",
    );
  }, 120_000);
});
