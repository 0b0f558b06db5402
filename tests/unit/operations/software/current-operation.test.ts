import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { realDisk } from "../../../../src/operations/disk.ts";
import { createCurrentOperation } from "../../../../src/operations/software/current-operation.ts";
import { aCommand, anAddress } from "../a-command.ts";
import { PluginFolder } from "../plugins/plugin-folder.ts";

let folder: PluginFolder;
let path: string;

beforeEach(() => {
  folder = new PluginFolder();
  path = join(folder.root, "software-current-operation");
});

afterEach(() => folder.dispose());

const open = () => createCurrentOperation({ path, disk: realDisk, log: folder.log });
const update = anAddress("software_update", "7");

test("what is executed is in the file as the reference writes it, until it ends", async () => {
  const current = open();
  await current.begin(aCommand({ updateList: [] }, update));
  expect(readFileSync(path, "utf8")).toBe(
    '{"SoftwareUpdateCommand":{"cmd_id":"7","payload":{"status":"executing","updateList":[]},"target":"device/main//"}}',
  );
  await current.end(anAddress("software_update", "8"));
  expect(readFileSync(path, "utf8")).not.toBe("");
  await current.end(update);
  expect(readFileSync(path, "utf8")).toBe("");
});

test("the next process knows which command was interrupted, also after it began another one", async () => {
  await open().begin(aCommand({}, update));
  const next = open();
  await next.begin(aCommand({}, anAddress("software_list", "1")));
  expect(await next.wasInterrupted(update)).toBe(true);
  expect(await next.wasInterrupted(anAddress("software_list", "1"))).toBe(false);
  expect(await next.wasInterrupted(anAddress("software_update", "8"))).toBe(false);
});

test("the file of the reference is understood", async () => {
  writeFileSync(
    path,
    '{"SoftwareListCommand":{"target":"device/main//","cmd_id":"1","payload":{"status":"executing"}}}',
  );
  expect(await open().wasInterrupted(anAddress("software_list", "1"))).toBe(true);
});

test.each(["", "{", "[]", '{"SoftwareListCommand":{}}', "{}"])(
  "a file that holds %p is about nothing",
  async (content) => {
    writeFileSync(path, content);
    expect(await open().wasInterrupted(update)).toBe(false);
  },
);

test("a file that cannot be written is told and stops nothing", async () => {
  path = "/proc/no/such/file";
  const current = open();
  await current.begin(aCommand({}, update));
  expect(folder.complaints[0]).toStartWith("An interrupted software operation may not be noticed");
});
