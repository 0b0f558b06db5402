import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok } from "../../../../src/base/result.ts";
import { ChildFilesWorld, hang, SOURCE, TOPIC } from "./child-files-world.ts";

let world: ChildFilesWorld;

beforeEach(async () => {
  world = await ChildFilesWorld.create();
  await world.start();
});

afterEach(() => world[Symbol.dispose]());

const REQUEST = { status: "prepare", type: "a/b", remoteUrl: SOURCE };
const FILE = "child1/config_update/a:b-c1";
const URL = `http://192.168.1.1:8000/te/v1/files/${FILE}`;
const records = () => readdirSync(world.state);
const last = () => world.published.at(-1)?.payload;

async function prepared(): Promise<void> {
  await world.say(TOPIC, REQUEST);
  await world.until(() => world.published.length > 0);
}

async function gone(): Promise<void> {
  await world.until(() => world.served().length === 0 && records().length === 0);
}

describe("a request with the status prepare", () => {
  test("becomes init with the local URL once the file is served", async () => {
    await prepared();
    expect(world.published).toEqual([{ topic: TOPIC, payload: { ...REQUEST, status: "init", tedgeUrl: URL } }]);
    expect([world.served(), world.store.read(FILE)]).toEqual([[FILE], `content of ${SOURCE}`]);
  });

  test("keeps the file until the final state, then nothing is left but the cache", async () => {
    await prepared();
    for (const status of ["executing", "download", "set"]) await world.say(TOPIC, { ...REQUEST, status });
    expect(world.served()).toEqual([FILE]);
    await world.say(TOPIC, { ...REQUEST, status: "successful" });
    await gone();
    expect([readdirSync(world.cache).length, world.published.length]).toEqual([2, 1]);
  });

  test.each(["always", "auto"] as const)(
    "is served again for a later command with no new download (%s)",
    async (mode) => {
      world.mode = mode;
      await world.start();
      await prepared();
      await world.say(TOPIC, { ...REQUEST, status: "failed" });
      await gone();
      await world.say("te/device/child2///cmd/config_update/c2", REQUEST);
      await world.until(() => world.published.length === 2);
      expect([world.downloads, world.served()]).toEqual([[SOURCE], ["child2/config_update/a:b-c2"]]);
    },
  );

  test("is downloaded once for 50 devices that are asked at the same time", async () => {
    const topics = Array.from({ length: 50 }, (_, index) => `te/device/n${index}///cmd/firmware_update/f`);
    await Promise.all(topics.map((topic) => world.say(topic, { status: "prepare", name: "fw", tedgeUrl: SOURCE })));
    await world.until(() => world.published.length === 50);
    expect([world.downloads, world.served().length, world.store.store.usage().used]).toEqual([[SOURCE], 50, 0]);
  });

  test("fails as with whoever executes it when the source gives nothing", async () => {
    world.serve = async () => err(fault("refused", "HTTP status client error (404 Not Found) for url (x)"));
    await prepared();
    expect(last()).toEqual({
      ...REQUEST,
      status: "failed",
      reason:
        "builtin 'download' action failed with: Download failed: HTTP status client error (404 Not Found) for url (x)",
    });
    await gone();
  });

  test("fails when the digest in it is another one", async () => {
    await world.say(TOPIC, { ...REQUEST, sha256: "0".repeat(64) });
    await world.until(() => world.published.length > 0);
    expect(last()).toMatchObject({ status: "failed", reason: expect.stringContaining(`not ${"0".repeat(64)}`) });
    await gone();
  });

  test("fails when it cannot be stored", async () => {
    rmSync(world.state, { recursive: true });
    writeFileSync(world.state, "in the way");
    await prepared();
    expect(last()).toMatchObject({ status: "failed", reason: expect.stringContaining("The command cannot be stored") });
  });

  test("becomes init as it is when the device can reach the source, or it is for the main device, a service, or names no file", async () => {
    const asIs: readonly (readonly [string, object])[] = [
      [TOPIC, { status: "prepare", type: "t", remoteUrl: "http://192.168.1.9/f" }],
      ["te/device/main///cmd/config_update/1", REQUEST],
      ["te/device/child1/service/app/cmd/config_update/1", REQUEST],
      ["te/device/child1///cmd/config_snapshot/1", { status: "prepare", type: "t", tedgeUrl: SOURCE }],
      ["te/device/child1///cmd/restart/1", { status: "prepare" }],
    ];
    for (const [topic, payload] of asIs) await world.say(topic, payload);
    await world.until(() => world.published.length === asIs.length);
    expect(world.published).toEqual(
      asIs.map(([topic, payload]) => ({ topic, payload: { ...payload, status: "init" } })),
    );
    expect([world.downloads, records()]).toEqual([[], []]);
  });

  test("becomes init as it is when files are never fetched", async () => {
    world.mode = "never";
    await world.start();
    await prepared();
    expect([last(), world.downloads]).toEqual([{ ...REQUEST, status: "init" }, []]);
  });

  test("that another one is under way for is left alone, and told in the log", async () => {
    await prepared();
    await world.say(TOPIC, { ...REQUEST, remoteUrl: `${SOURCE}2` });
    expect(world.store.log.lines.join("\n")).toContain("Two concurrent requests");
    expect([world.published.length, world.served()]).toEqual([1, [FILE]]);
  });
});

test("An init that nobody prepared is none of ours", async () => {
  await world.say(TOPIC, { ...REQUEST, status: "init" });
  await world.say(TOPIC, { ...REQUEST, status: "executing" });
  await world.say(TOPIC, "");
  expect([world.published, world.downloads, records()]).toEqual([[], [], []]);
});

test("Modules and the operations of a profile get files of their own", async () => {
  const modules = [
    { name: "a", url: `${SOURCE}1`, action: "install" },
    { name: "a", url: `${SOURCE}2`, action: "install" },
    { name: "b", url: `${SOURCE}3`, action: "remove" },
    { name: "c", action: "install" },
  ];
  const update = { updateList: [{ type: "apt", modules }, "odd", { type: "x", modules: 5 }] };
  const operations = [
    { operation: "software_update", payload: update },
    { operation: "config_update", payload: { type: "t", remoteUrl: SOURCE } },
    { operation: "config_update", "@skip": true, payload: { type: "t", remoteUrl: SOURCE } },
    { operation: "restart", payload: {} },
  ];
  await world.say("te/device/child1///cmd/device_profile/p", { status: "prepare", name: "p", operations });
  await world.until(() => world.published.length === 1);
  const at = (name: string) => `http://192.168.1.1:8000/te/v1/files/child1/device_profile/${name}`;
  const [one, two, ...rest] = modules;
  expect(last()).toEqual({
    status: "init",
    name: "p",
    operations: [
      {
        operation: "software_update",
        payload: {
          updateList: [
            {
              type: "apt",
              modules: [
                { ...one, url: at("software_update:apt:a-p") },
                { ...two, url: at("software_update:apt:a.2-p") },
                ...rest,
              ],
            },
            "odd",
            { type: "x", modules: 5 },
          ],
        },
      },
      { operation: "config_update", payload: { type: "t", remoteUrl: SOURCE, tedgeUrl: at("config_update:t-p") } },
      ...operations.slice(2),
    ],
  });
  expect(world.served().length).toBe(3);
});

describe("a command that ends otherwise", () => {
  test("fails when its device is silent for too long; each state counts as a sign", async () => {
    await prepared();
    world.store.clock.pass(59_000);
    await world.say(TOPIC, { ...REQUEST, status: "executing" });
    world.store.clock.pass(59_000);
    world.store.clock.fire();
    expect(world.published.length).toBe(1);
    world.store.clock.pass(1_000);
    world.store.clock.fire();
    await world.until(() => world.published.length === 2);
    expect(last()).toEqual({
      ...REQUEST,
      status: "failed",
      reason: "Child device child1 did not respond within the timeout interval of 60sec. Operation ID=c1",
    });
    await gone();
  });

  test("leaves nothing when its requester clears it, also while the file is fetched", async () => {
    await prepared();
    await world.say(TOPIC, "");
    await gone();
    world.serve = hang;
    await world.say(TOPIC, { ...REQUEST, remoteUrl: `${SOURCE}2` });
    await world.until(() => world.downloads.length === 2);
    await world.say(TOPIC, "");
    await gone();
    expect(world.published.length).toBe(1);
  });

  test("may be asked anew at once", async () => {
    await prepared();
    await world.say(TOPIC, "");
    await world.say(TOPIC, { ...REQUEST, remoteUrl: `${SOURCE}2` });
    await world.until(() => world.published.length === 2);
    expect([world.served(), world.store.read(FILE)]).toEqual([[FILE], `content of ${SOURCE}2`]);
  });

  test("leaves nothing when its device is no longer registered", async () => {
    await prepared();
    await world.say("te/device/child1//", "");
    await gone();
  });
});

describe("a process that was killed", () => {
  test("while it fetched is followed by one that fetches and tells the device", async () => {
    world.serve = hang;
    await world.say(TOPIC, REQUEST);
    await world.until(() => world.downloads.length === 1);
    world.serve = async (_url, target) => {
      writeFileSync(target, "later");
      return ok({ etag: null });
    };
    await world.start();
    await world.until(() => world.published.length === 1);
    expect([last()?.status, world.store.read(FILE)]).toEqual(["init", "later"]);
  });

  test("before the broker had the init is followed by one that publishes it", async () => {
    world.isDeaf = true;
    await world.say(TOPIC, REQUEST);
    await world.until(() => world.served().length === 1);
    await world.until(() => world.refusals > 0);
    world.isDeaf = false;
    await world.start();
    await world.until(() => world.published.length === 1);
    expect(last()).toMatchObject({ status: "init", tedgeUrl: URL });
  });

  test("after it told the device is followed by one that follows, and never tells it twice", async () => {
    await prepared();
    await world.say(TOPIC, { ...REQUEST, status: "executing" });
    await world.start();
    await world.deliver(TOPIC, JSON.stringify(REQUEST), false, true);
    expect([world.published.length, world.served()]).toEqual([1, [FILE]]);
    await world.say(TOPIC, { ...REQUEST, status: "successful" });
    await gone();
    expect(world.published.length).toBe(1);
  });

  test("is followed by one that asks the broker for what its subscription does not get", async () => {
    world.isDeaf = true;
    await world.say(TOPIC, REQUEST);
    await world.until(() => world.refusals > 0);
    world.isDeaf = false;
    world.isForgetful = true;
    await world.start();
    await world.until(() => world.published.length === 1);
    expect(last()).toMatchObject({ status: "init", tedgeUrl: URL });
  });

  test("is followed by one that removes what ended or was cleared meanwhile", async () => {
    await prepared();
    world.retained.set(TOPIC, JSON.stringify({ ...REQUEST, status: "successful" }));
    await world.start();
    await gone();
    world.retained.clear();
    await prepared();
    await world.say("te/device/child2///cmd/config_update/c2", REQUEST);
    await world.until(() => world.served().length === 2);
    world.retained.delete(TOPIC);
    world.isMute = true;
    await world.start();
    await world.until(() => world.store.log.lines.some((line) => line.includes("It is not known yet")));
    expect(world.served().length).toBe(2);
    world.isMute = false;
    world.store.clock.pass(30_000);
    world.store.clock.fire();
    await world.until(() => !world.served().includes(FILE));
    expect(world.served()).toEqual(["child2/config_update/a:b-c2"]);
  });

  test("repeats no request that is over, on the word of a repeated delivery alone", async () => {
    await world.deliver(TOPIC, JSON.stringify(REQUEST), false, true);
    expect([world.published, records()]).toEqual([[], []]);
  });

  test("that finds a record which it cannot understand removes it", async () => {
    writeFileSync(join(world.state, "x.json"), "{}");
    await world.start();
    expect(existsSync(join(world.state, "x.json"))).toBe(false);
  });
});

test("A process that stops leaves everything as it is for the next one", async () => {
  world.serve = hang;
  await world.say(TOPIC, REQUEST);
  await world.until(() => world.downloads.length === 1);
  await world.stop();
  expect([records().length, world.published]).toEqual([1, []]);
});
