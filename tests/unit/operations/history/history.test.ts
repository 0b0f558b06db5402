import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../../../src/base/log.ts";
import { retained } from "../../../../src/bus/message.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { realDisk } from "../../../../src/operations/disk.ts";
import { createHistory, type History } from "../../../../src/operations/history/history.ts";
import { reducedPayload } from "../../../../src/operations/history/reduced-payload.ts";

let folder: string;
let now: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "history-"));
  now = 1_000;
});

afterEach(() => rm(folder, { recursive: true }));

const path = () => join(folder, "history.jsonl");

async function history(): Promise<History> {
  const opened = createHistory({
    schema: topicSchema("te"),
    path: path(),
    disk: realDisk,
    now: () => now,
    log: createLog("test"),
  });
  await opened.open();
  return opened;
}

const TOPIC = "te/device/main///cmd/ping/1";

/** Publishes states of a command, 10 ms apart. */
async function see({ participant }: History, states: readonly (object | string)[], topic = TOPIC): Promise<void> {
  for (const state of states) {
    const text = typeof state === "string" ? state : JSON.stringify(state);
    await participant.receive({ ...retained(topic, text), dup: false });
    now += 10;
  }
}

const statuses = (one: History) => one.list({}).map(({ id, status }) => `${id} ${status}`);

test("a command is told with the time that it spent in each state", async () => {
  const one = await history();
  await see(one, [{ status: "init" }, { status: "executing" }, { status: "executing", progress: 5 }]);
  expect(one.list({})).toEqual([
    {
      topic: TOPIC,
      device: "device/main//",
      operation: "ping",
      id: "1",
      status: "executing",
      states: [
        { status: "init", since: 1_000, spent: 10 },
        { status: "executing", since: 1_010 },
      ],
      payload: { status: "executing", progress: 5 },
    },
  ]);
  await see(one, [{ status: "failed", reason: "no" }, ""]);
  expect(one.list({})).toMatchObject([
    { status: "failed", reason: "no", ended: 1_030, states: [{}, { spent: 20 }, {}] },
  ]);
});

test("a command that is taken back before its end is cleared", async () => {
  const one = await history();
  await see(one, [{ status: "init" }, ""]);
  expect(one.list({})).toMatchObject([{ status: "cleared", ended: 1_010, states: [{ status: "init", spent: 10 }] }]);
});

test("what is no command is not told", async () => {
  const one = await history();
  await see(one, ["no state", "[]"]);
  await see(one, ["{}"], "te/device/main///cmd/health/check");
  expect(one.list({})).toEqual([]);
});

describe("on disk", () => {
  test("ended commands are kept, and an end that the broker still has is not told twice", async () => {
    const one = await history();
    await see(one, [{ status: "init" }, { status: "successful", big: 2 }]);
    await one.flushed();
    const again = await history();
    await see(again, [{ status: "successful", big: 2 }]);
    expect(statuses(again)).toEqual(["1 successful"]);
    await see(again, ["", { status: "init" }, { status: "successful", big: 2 }]);
    expect(statuses(again)).toEqual(["1 successful", "1 successful"]);
  });

  test("a line that was torn by a loss of power is left out, those before and after it stay", async () => {
    const one = await history();
    await see(one, [{ status: "successful" }]);
    await one.flushed();
    await writeFile(path(), `${await readFile(path(), "utf8")}{"topic":"te/dev`);
    const again = await history();
    await see(again, [{ status: "failed" }], "te/device/main///cmd/ping/2");
    await again.flushed();
    expect(statuses(await history())).toEqual(["2 failed", "1 successful"]);
  });

  test("it takes two files of 1 MiB at most", async () => {
    const one = await history();
    const long = { status: "successful", a: "x".repeat(400), b: "y".repeat(400), c: "z".repeat(400) };
    for (let id = 0; id < 1_500; id += 1) {
      await see(one, [long], `te/device/main///cmd/ping/${id}`);
      await one.flushed();
    }
    const sizes = await Promise.all([path(), `${path()}.1`].map(async (name) => (await readFile(name)).byteLength));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
    const kept = statuses(await history());
    expect([kept[0], kept.length <= 1_000]).toEqual(["1499 successful", true]);
  });
});

test("commands are chosen by device, operation, id, state and time", async () => {
  const one = await history();
  await see(one, [{ status: "failed" }], "te/device/a///cmd/ping/1");
  await see(one, [{ status: "init" }], "te/device/b///cmd/ping/2");
  await see(one, [{ status: "successful" }], "te/device/b///cmd/pong/3");
  const ids = (query: Parameters<History["list"]>[0]) => one.list(query).map(({ id }) => id);
  expect(ids({ device: "device/b//" }).sort()).toEqual(["2", "3"]);
  expect(ids({ operation: "pong" })).toEqual(["3"]);
  expect(ids({ id: "1" })).toEqual(["1"]);
  expect(ids({ status: "failed" })).toEqual(["1"]);
  expect(ids({ since: 1_010 }).sort()).toEqual(["2", "3"]);
  expect(ids({ limit: 1 })).toHaveLength(1);
});

describe("a payload is kept", () => {
  test("without secrets, and without user names and queries of URLs", () => {
    const payload = {
      status: "init",
      list: [{ url: "https://me:pw@host:1/a/b.deb?sig=abc#x" }],
      password: "p",
      nested: { accessToken: 5 },
      reason: "Cannot get http://h/p?token=1, sorry",
    };
    expect(reducedPayload(payload)).toEqual({
      status: "init",
      list: [{ url: "https://host:1/a/b.deb" }],
      password: "***",
      nested: { accessToken: "***" },
      reason: "Cannot get http://h/p sorry",
    });
  });

  test("of bounded size, its state and reason in any case", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`k${at}`, "x".repeat(100)]));
    expect(reducedPayload({ status: "failed", reason: "r", ...many })).toEqual({ status: "failed", reason: "r" });
    const list = Array.from({ length: 1_000 }, () => 12_345);
    expect(reducedPayload({ status: "init", list })).toEqual({ status: "init", list: "… (6001 characters)" });
  });
});
