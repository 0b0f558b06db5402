import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, copyFile, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { REPOSITORY } from "../../build/targets.ts";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { connectProbe } from "./world/bus-probe.ts";
import { curl } from "./world/curl.ts";
import type { Device } from "./world/device.ts";
import { executable } from "./world/executable.ts";
import { runCommand } from "./world/run-command.ts";
import { startTebus } from "./world/run-tebus.ts";
import { tempDir } from "./world/temp-dir.ts";
import { waitUntil } from "./world/wait-until.ts";

const DAY = 86_400;
const MAY_1 = Date.parse("2024-05-01T00:00:00Z") / 1_000;

let world: AsyncDisposableStack;
let at: AgentAtWork;
let plugins: string;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  plugins = world.use(await tempDir("log-plugins")).path;
  at = world.use(
    await startAgentAtWork({
      config: [`log.plugin_paths = "${plugins}"`],
      files: { "plugins/tedge-log-plugin.toml": 'files = [{ type = "app", path = "LOGS" }]\n' },
      prefix: async (device) => ["env", `PATH=${join(device.root, "bin")}:${process.env.PATH}`],
      prepare: layOut,
    }),
  );
});

afterEach(() => world.disposeAsync());

/** The shipped plugin `file`, and four log files of which the oldest is compressed. */
async function layOut(device: Device): Promise<void> {
  await copyFile(join(REPOSITORY, "build/package/log-plugins/file"), join(plugins, "file"));
  await mkdir(join(device.root, "bin"));
  await symlink(await executable(), join(device.root, "bin/tedge"));
  const logs = join(device.root, "app");
  await mkdir(logs);
  const settings = `files = [{ type = "app", path = ${JSON.stringify(join(logs, "app.log*"))} }]\n`;
  await writeFile(join(device.configDir, "plugins/tedge-log-plugin.toml"), settings);
  for (const [age, name] of ["app.log", "app.log.1", "app.log.2", "app.log.3.gz"].entries()) {
    const day = MAY_1 + (3 - age) * DAY;
    const lines = [6, 12, 18].map((hour) => {
      const time = new Date((day + hour * 3_600) * 1_000).toISOString();
      return `${time} ${hour === 12 ? "info" : "ERROR"} grüße ${4 - age}.${hour}\n`;
    });
    const text = lines.join("");
    await writeFile(join(logs, name), name.endsWith(".gz") ? gzipSync(text) : text);
    await utimes(join(logs, name), day + 18 * 3_600, day + 18 * 3_600);
  }
}

async function addPlugin(name: string, get: string): Promise<void> {
  await writeFile(join(plugins, name), `#!/bin/sh\n[ "$1" = list ] && { echo some; exit 0; }\n${get}\n`);
  await chmod(join(plugins, name), 0o755);
}

const url = () => `${at.url}/te/v1/files/main/log_upload/app-1`;
const whole = () => ({
  type: "app",
  tedgeUrl: url(),
  dateFrom: "2024-05-01T00:00:00+00:00",
  dateTo: "2024-05-09T00:00:00Z",
  lines: 100,
});
const upload = (members: Record<string, unknown> = {}) => runCommand(at, "log_upload", { ...whole(), ...members });
/** What of the lines tells them apart. */
const lines = async () => [...((await curl(url())).match(/^filename: .*|\d+\.\d+$/gm) ?? [])];
const left = () => readdir(join(at.device.root, "tmp"));

describe("a log upload", () => {
  test("gives all rotated files, the oldest first, and leaves nothing behind", async () => {
    expect(await upload()).toMatchObject({ status: "successful", dateFrom: "2024-05-01T00:00:00Z" });
    expect(await lines()).toEqual([
      ...["filename: app.log.3.gz", "1.6", "1.12", "1.18"],
      ...["filename: app.log.2", "2.6", "2.12", "2.18"],
      ...["filename: app.log.1", "3.6", "3.12", "3.18"],
      ...["filename: app.log", "4.6", "4.12", "4.18"],
    ]);
    expect(await left()).toEqual([]);
  });

  test("gives the newest lines that hold the text, of the files of the wanted time", async () => {
    const range = { dateFrom: "2024-05-02T18:00:00Z", dateTo: "2024-05-04T08:00:00+01:00" };
    expect(await upload({ ...range, searchText: "ERROR grüße", lines: 4 })).toMatchObject({ status: "successful" });
    expect(await lines()).toEqual(["2.18", "3.6", "3.18", "4.6"]);
  });

  test.each([
    ["app::unheard-of", "Failed to initiate log file upload: Log plugin 'unheard-of' error: Plugin not found"],
    [
      "other",
      `Failed to initiate log file upload: Log plugin 'file' error: Get command error: No logs found for log type "other"`,
    ],
  ])("of the type %s fails", async (type, reason) => {
    expect(await upload({ type })).toMatchObject({ status: "failed", reason });
    expect(await left()).toEqual([]);
  });

  test("fails when a member of the request is missing", async () => {
    expect(await upload({ tedgeUrl: undefined })).toMatchObject({
      status: "failed",
      reason: "Failed to initiate log file upload: Invalid request: tedgeUrl is missing",
    });
  });

  test("fails when the file is not taken", async () => {
    expect(await upload({ tedgeUrl: `${at.url}/te/v1/nothing` })).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^Failed to upload log to file-transfer service: /),
    });
    expect(await left()).toEqual([]);
  });

  test("that was under way when the agent was killed comes to its end", async () => {
    const gate = join(at.device.root, "gate");
    await addPlugin("slow", `touch "${gate}.begun"; until [ -e "${gate}" ]; do sleep 0.02; done; echo done`);
    await using probe = await connectProbe(at.broker.port, ["te/device/main///cmd/log_upload/#"]);
    const topic = "te/device/main///cmd/log_upload/1";
    await probe.publish(topic, JSON.stringify({ ...whole(), status: "init", type: "some::slow" }), { retain: true });
    await waitUntil("the plugin runs", () => Bun.file(`${gate}.begun`).exists());
    await at.agent.kill();
    await writeFile(gate, "");
    await using again = await startTebus(["run", "tedge-agent"], { configDir: at.device.configDir });
    const end = await probe.waitFor("it ends", ({ payload }) => /"(successful|failed)"/.test(payload), 20_000);
    expect(JSON.parse(end.payload)).toMatchObject({ status: "successful", resumed_at: expect.any(String) });
    expect(await curl(url())).toBe("done\n");
    expect(await left()).toEqual([]);
    expect(again.pid).toBeGreaterThan(0);
  });
});

test("log types are published, and again when the settings or the plugins change", async () => {
  await using probe = await connectProbe(at.broker.port, ["te/device/main///cmd/log_upload"]);
  const says = (types: string[]) => probe.waitFor(`${types}`, ({ payload }) => payload === JSON.stringify({ types }));
  await says(["app"]);
  const settings = join(at.device.configDir, "plugins/tedge-log-plugin.toml");
  await writeFile(settings, `${await Bun.file(settings).text()}\n[[plugins.more.filters]]\nexclude = "x"\n`);
  await addPlugin("more", "echo");
  await says(["app", "some::more"]);
});
