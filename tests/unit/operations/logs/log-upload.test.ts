import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok } from "../../../../src/base/result.ts";
import { logUpload } from "../../../../src/operations/logs/log-upload.ts";
import type { Transfer } from "../../../../src/operations/steps/transfer.ts";
import { Device } from "../a-device.ts";
import { PluginFolder } from "../plugins/plugin-folder.ts";

const REQUEST = {
  type: "app",
  tedgeUrl: "http://127.0.0.1/te/v1/files/main/log_upload/1",
  dateFrom: "2024-05-01T00:00:00+00:00",
  dateTo: "2024-05-02T00:00:00Z",
  lines: 2,
};

/** Lists a type and prints lines; notes how it was called. */
const PLUGIN = (type: string, get: string) => `[ "$1" = list ] && { echo "${type}"; echo; exit 0; }
echo "$*" >> "$0.calls"
${get}`;

let device: Device;
let folder: PluginFolder;
let uploads: { readonly url: string; readonly path: string; readonly text: string }[];

beforeEach(() => {
  device = new Device();
  folder = new PluginFolder();
  uploads = [];
  device.transfer = transfer(async () => ok());
  useBuiltin();
});

afterEach(async () => {
  await device.dispose();
  folder.dispose();
});

function transfer(answer: Transfer["upload"]): Transfer {
  return {
    download: async () => ok(),
    async upload(path, url, signal) {
      uploads.push({ url, path, text: await readFile(path, "utf8") });
      return answer(path, url, signal);
    },
  };
}

function useBuiltin(): void {
  device.builtins = [
    logUpload({
      pluginDirectories: [folder.plugins, join(folder.root, "later")],
      filters: join(folder.root, "tedge-log-plugin.toml"),
      tools: folder.tools(),
      transfer: device.transfer,
    }),
  ];
}

const CAPABILITY = "te/device/main///cmd/log_upload";
const types = () =>
  device.messages.filter(({ topic }) => topic === CAPABILITY).map(({ text }) => JSON.parse(text).types);

async function run(members: Record<string, string | number> = {}) {
  await device.start();
  device.request("log_upload", "1", { ...REQUEST, ...members });
  return device.untilFinal("log_upload", "1");
}

describe("a log upload", () => {
  test("sends the newest lines that hold the text, tells the dates in canonical form, and leaves nothing behind", async () => {
    folder.add("file", PLUGIN("app", "printf 'E 1\\nE 2\\nok\\nE 3\\n'"));
    expect(await run({ searchText: "E" })).toMatchObject({
      status: "successful",
      dateFrom: "2024-05-01T00:00:00Z",
      dateTo: "2024-05-02T00:00:00Z",
      searchText: "E",
    });
    expect(device.statuses("log_upload", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    expect(uploads).toEqual([
      { url: REQUEST.tedgeUrl, path: expect.stringMatching(/\/app_file_\d+\.log$/), text: "E 2\nE 3\n" },
    ]);
    expect(await readFile(join(folder.plugins, "file.calls"), "utf8")).toBe(
      "get app --since 1714521600 --until 1714608000\n",
    );
    expect(await device.files(folder.tmp)).toEqual([]);
  });

  test("does not put what the log holds into the operation log", async () => {
    folder.add("file", PLUGIN("app", "echo the-secret; echo a note >&2"));
    await run();
    const log = await device.log("log_upload", "1");
    expect(log).toContain(`----- $ ${folder.plugins}/file "get" "app" "--since" "1714521600" "--until" "1714608000"`);
    expect(log).toContain("a note");
    expect(log).not.toContain("the-secret");
  });

  test("calls the plugin that the type names", async () => {
    folder.add("file", PLUGIN("app", "echo file"));
    folder.add("journald", PLUGIN("ssh", "echo journal"));
    expect(await run({ type: "ssh/x::journald" })).toMatchObject({ status: "successful" });
    expect(uploads[0]).toMatchObject({ text: "journal\n", path: expect.stringMatching(/\/ssh_x_journald_\d+\.log$/) });
  });

  test("fails with what the plugin said, and leaves nothing behind", async () => {
    folder.add("file", PLUGIN("app", 'echo begun; echo "No logs found" >&2; exit 1'));
    expect(await run()).toMatchObject({
      status: "failed",
      reason: "Failed to initiate log file upload: Log plugin 'file' error: Get command error: No logs found",
      dateFrom: "2024-05-01T00:00:00Z",
    });
    expect(await device.files(folder.tmp)).toEqual([]);
    expect(uploads).toEqual([]);
  });

  test("fails for a plugin that is not there", async () => {
    expect(await run({ type: "a::missing" })).toMatchObject({
      status: "failed",
      reason: "Failed to initiate log file upload: Log plugin 'missing' error: Plugin not found",
    });
  });

  test("finds a plugin that was put there an instant ago", async () => {
    await device.start();
    folder.add("late", PLUGIN("app", "echo late"));
    device.request("log_upload", "1", { ...REQUEST, type: "app::late" });
    expect(await device.untilFinal("log_upload", "1")).toMatchObject({ status: "successful" });
  });

  test("fails for a log that is no text", async () => {
    folder.add("file", PLUGIN("app", "printf '\\377\\n'"));
    expect(await run()).toMatchObject({
      reason: "Failed to initiate log file upload: Log plugin 'file' error: The log is not UTF-8",
    });
  });

  test("fails when nobody takes the file, and leaves nothing behind", async () => {
    device.transfer = transfer(async () => err(fault("http", "HTTP status 404")));
    useBuiltin();
    folder.add("file", PLUGIN("app", "echo x"));
    expect(await run()).toMatchObject({
      status: "failed",
      reason: "Failed to upload log to file-transfer service: HTTP status 404",
    });
    expect(await device.files(folder.tmp)).toEqual([]);
  });

  test("fails for a request that cannot be read", async () => {
    expect(await run({ dateFrom: "today" })).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/^Failed to initiate log file upload: Invalid request: dateFrom must be /),
    });
  });

  test("that was broken off by kill -9 is done again, and what it left is removed", async () => {
    const waiting = Promise.withResolvers<void>();
    device.transfer = transfer(async () => {
      waiting.resolve();
      return new Promise(() => undefined);
    });
    useBuiltin();
    folder.add("file", PLUGIN("app", "echo x"));
    await device.start();
    device.request("log_upload", "1", REQUEST);
    await waiting.promise;
    device.abandon();
    expect(await device.files(folder.tmp)).toEqual(["log_upload-1"]);
    device.transfer = transfer(async () => ok());
    useBuiltin();
    await device.start();
    expect(await device.untilFinal("log_upload", "1")).toMatchObject({
      status: "successful",
      resumed_at: expect.any(String),
    });
    expect(await device.files(folder.tmp)).toEqual([]);
  });

  test("that is cleared ends the plugin and leaves nothing behind", async () => {
    folder.add("file", PLUGIN("app", 'echo $$ > "$0.pid"; sleep 60 & wait'));
    await device.start();
    device.request("log_upload", "1", REQUEST);
    const pid = async () => readFile(join(folder.plugins, "file.pid"), "utf8").catch(() => "");
    while ((await pid()).trim() === "") await Bun.sleep(5);
    device.clear("log_upload", "1");
    const isAlive = async (id: number) =>
      (await readFile(`/proc/${id}/stat`, "utf8").catch(() => "Z")).match(/ Z |^Z/) === null;
    while (await isAlive(Number(await pid()))) await Bun.sleep(5);
    while ((await device.files(folder.tmp)).length > 0) await Bun.sleep(5);
    expect(device.statuses("log_upload", "1")).toEqual(["init", "scheduled", "executing", ""]);
  });
});

describe("the types of logs", () => {
  test("are published sorted and filtered, those of the plugin file without its name", async () => {
    await writeFile(join(folder.root, "tedge-log-plugin.toml"), '[[plugins.journald.filters]]\nexclude = "^b"\n');
    folder.add("file", PLUGIN("  zeta  \nalpha\nalpha", ""));
    folder.add("journald", PLUGIN("b1\na1", ""));
    folder.add("broken", "exit 1");
    await device.start();
    await device.until(() => types().length > 0);
    expect(device.retained.get(CAPABILITY)).toBe('{"types":["a1::journald","alpha","zeta"]}');
  });

  test("are none without plugins", async () => {
    await device.start();
    await device.until(() => types().length > 0);
    expect(types()).toEqual([[]]);
  });

  test.each(["sync", "sync_log_upload"])(
    "are looked for again at the signal %s, others do not matter",
    async (signal) => {
      folder.add("file", PLUGIN("app", ""));
      await device.start();
      await device.until(() => types().length === 1);
      device.send("te/device/main/service/tedge-agent/signal/sync_other", "");
      device.send(`te/device/main/service/tedge-agent/signal/${signal}`, "{}");
      await device.until(() => types().length === 2);
      expect(types()).toEqual([["app"], ["app"]]);
    },
  );

  test("are looked for again when filters or plugins change, and when a directory appears", async () => {
    folder.add("file", PLUGIN("app\nother", ""));
    await device.start();
    await device.until(() => types().length === 1);
    await writeFile(join(folder.root, "tedge-log-plugin.toml"), '[[plugins.file.filters]]\ninclude = "^app$"\n');
    await device.until(() => JSON.stringify(types().at(-1)) === '["app"]');
    folder.add("dmesg", PLUGIN("all", ""), folder.directory("later"));
    await device.until(() => JSON.stringify(types().at(-1)) === '["all::dmesg","app"]');
  });
});
