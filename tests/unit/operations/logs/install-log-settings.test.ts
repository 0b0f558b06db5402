import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installLogSettings } from "../../../../src/operations/logs/install-log-settings.ts";
import { parseLogFileEntries } from "../../../../src/operations/logs/log-files.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-log-settings-"));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const install = () => installLogSettings({ configDirectory: directory, logs: '/var/log/"te"' });
const installed = () => readFile(join(directory, "plugins/tedge-log-plugin.toml"), "utf8");

test("at first the logs of software operations can be uploaded", async () => {
  expect(await install()).toMatchObject({ ok: true });
  expect(parseLogFileEntries(await installed())).toMatchObject({
    value: [{ type: "software-management", path: '/var/log/"te"/agent/workflow-software_*' }],
  });
});

test("what the user wrote stays", async () => {
  await mkdir(join(directory, "plugins"));
  await writeFile(join(directory, "plugins/tedge-log-plugin.toml"), "# mine\n");
  expect(await install()).toMatchObject({ ok: true });
  expect(await installed()).toBe("# mine\n");
});

test("the file of an old version is moved there", async () => {
  await mkdir(join(directory, "c8y"));
  await writeFile(join(directory, "c8y/c8y-log-plugin.toml"), "files = []\n");
  expect(await install()).toMatchObject({ ok: true });
  expect(await installed()).toBe("files = []\n");
  expect(await Bun.file(join(directory, "c8y/c8y-log-plugin.toml")).exists()).toBe(false);
});
