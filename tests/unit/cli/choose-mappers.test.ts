import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultChain } from "../../../src/base/fault.ts";
import type { Log } from "../../../src/base/log.ts";
import { chooseMappers, configuredClouds } from "../../../src/cli/choose-mappers.ts";

let configDirectory: string;
let told: string[];

beforeEach(async () => {
  configDirectory = await mkdtemp(join(tmpdir(), "tebus-mappers-"));
  told = [];
});

afterEach(async () => {
  await rm(configDirectory, { recursive: true, force: true });
});

async function make(...names: string[]) {
  for (const name of names) await mkdir(join(configDirectory, "mappers", name), { recursive: true });
}

async function choose(...asked: string[]) {
  const tell = (text: string) => void told.push(text);
  const log: Log = { error: tell, warn: tell, info: tell, debug: tell, trace: tell };
  const chosen = await chooseMappers({ configDirectory, log }, asked);
  return chosen.ok ? chosen.value : faultChain(chosen.fault);
}

test("without arguments every user-defined mapper runs, sorted by name", async () => {
  await make("zoo", "local", "c8y", "az.site2", "collectd");
  await writeFile(join(configDirectory, "mappers", "file"), "");
  expect(await choose()).toEqual(["local", "zoo"]);
  expect(told).toEqual([]);
});

test("directories with names that no mapper can have are skipped, and told", async () => {
  await make("My_Cloud", "bridge-x", "local", "other.profile");
  expect(await choose()).toEqual(["local"]);
  expect(told).toHaveLength(3);
  expect(told[0]).toBe(
    "Skipping mapper directory 'My_Cloud': Invalid mapper name 'My_Cloud': must start with a lowercase ASCII letter",
  );
});

test("without a directory of mappers none runs", async () => {
  expect(await choose()).toEqual([]);
});

test("those asked for run in the order given", async () => {
  await make("a", "b");
  expect(await choose("b", "a")).toEqual(["b", "a"]);
});

test("asking twice for the same is refused", async () => {
  await make("a");
  expect(await choose("a", "a")).toEqual(["mapper 'a' is specified more than once"]);
});

test("a name that cannot be read is told with the argument", async () => {
  expect(await choose("a@b")).toEqual([
    "parsing mapper spec 'a@b'",
    "user-defined mapper 'a' does not support profiles",
  ]);
});

test("a mapper without a directory is refused, with those that have one", async () => {
  const root = join(configDirectory, "mappers");
  expect(await choose("a")).toEqual([`Mapper directory '${root}/a' does not exist. No mappers found under '${root}'.`]);
  await make("c", "b");
  expect(await choose("a")).toEqual([`Mapper directory '${root}/a' does not exist. Available mappers: b, c`]);
});

test.each(["c8y", "az@site2", "aws", "collectd"])("%s is not there yet, and says so", async (name) => {
  const [message] = await choose(name);
  expect(message).toContain("is not available in this version of tebus");
});

test("a cloud counts as configured once it has a URL, and so does each of its profiles", async () => {
  const toml = [
    'az.url = "a.example.com"',
    'c8y.profiles.two.url = "c.example.com"',
    "aws.mapper.mqtt.max_payload_size = 1",
  ];
  await writeFile(join(configDirectory, "tedge.toml"), toml.join("\n"));
  expect(await configuredClouds({ configDirectory, environment: {} })).toEqual(["c8y@two", "az"]);
  const environment = { TEDGE_AWS_URL: "b.example.com" };
  expect(await configuredClouds({ configDirectory, environment })).toEqual(["c8y@two", "az", "aws"]);
});
