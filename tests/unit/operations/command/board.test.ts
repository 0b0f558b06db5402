import { expect, test } from "bun:test";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok, type Result } from "../../../../src/base/result.ts";
import { createBoard } from "../../../../src/operations/command/board.ts";
import { formatBoard, parseBoard } from "../../../../src/operations/command/board-file.ts";
import { type Disk, realDisk } from "../../../../src/operations/disk.ts";
import { recordedLog } from "../../http/recorded-log.ts";

/** A disk of one file whose writes end when they are let go. */
function oneFile(content?: string) {
  const file = { content, writes: [] as string[] };
  const waiting: ((result: Result<undefined, ReturnType<typeof diskFull>>) => void)[] = [];
  const disk: Disk = {
    ...realDisk,
    async read(path) {
      if (file.content === undefined) return err(fault("not-found", `No ${path}`));
      return ok(new TextEncoder().encode(file.content));
    },
    replace: (path, text) =>
      new Promise((resolve) => {
        file.writes.push(`${path} ${String(text)}`);
        waiting.push(resolve);
      }),
  };
  return {
    file,
    disk,
    letGo: (result: Result<undefined, ReturnType<typeof diskFull>> = ok()) => waiting.shift()?.(result),
  };
}
const diskFull = () => fault("disk-full" as const, "No space left on device");
const log = recordedLog();
const boardOn = (disk: Disk) => createBoard({ path: "/state/workflows", disk, now: () => 1_700_000_000_999, log });

test("the file has the format of the reference, commands in their order", () => {
  const entries = [
    ["te/b", { payload: { status: "init", n: JSON.rawJSON("2.0") }, since: 1_700_000_000 }],
    ["te/a", { payload: { status: "failed" }, since: 5 }],
  ] as const;
  const text = formatBoard(entries);
  expect(text).toBe(
    '{"version":"V1","commands":{"te/b":{"unix_timestamp":1700000000,"status":"init","payload":{"status":"init","n":2.0}},"te/a":{"unix_timestamp":5,"status":"failed","payload":{"status":"failed"}}}}',
  );
  const parsed = parseBoard(text);
  expect(parsed.ok && [...parsed.value]).toEqual(entries.map(([topic, entry]) => [topic, entry]));
});

test("the status beside the payload counts, and more members do no harm", () => {
  const parsed = parseBoard(
    '{"version":"V1","commands":{"t":{"unix_timestamp":1,"status":"s","payload":{},"entity_type":"device"}}}',
  );
  expect(parsed.ok && parsed.value.get("t")).toEqual({ payload: { status: "s" }, since: 1 });
});

test.each(["", " \n"])("an empty file %j holds nothing", (text) => {
  const parsed = parseBoard(text);
  expect(parsed.ok && parsed.value.size).toBe(0);
});

test.each(["{", "[]", '{"version":"V2","commands":{}}', '{"version":"V1"}', '{"version":"V1","commands":{"t":{}}}'])(
  "%s is no board",
  (text) => {
    const parsed = parseBoard(text);
    expect(parsed.ok ? "" : parsed.fault.code).toBe("invalid-board");
  },
);

test("a state has the second in which it was reached, also after it was amended", async () => {
  const board = boardOn(oneFile().disk);
  board.put("t", { status: "a" });
  expect(board.get("t")?.since).toBe(1_700_000_000);
  const loaded = boardOn(
    oneFile('{"version":"V1","commands":{"t":{"unix_timestamp":7,"status":"s","payload":{}}}}').disk,
  );
  await loaded.load();
  loaded.amend("t", { status: "b" });
  expect(loaded.get("t")).toEqual({ payload: { status: "b" }, since: 7 });
});

test("saves that are asked for during a write share the next one", async () => {
  const { disk, file, letGo } = oneFile();
  const board = boardOn(disk);
  board.put("t", { status: "a" });
  const first = board.save();
  board.put("t", { status: "b" });
  const second = board.save();
  board.put("t", { status: "c" });
  const third = board.save();
  expect(file.writes.length).toBe(1);
  letGo();
  await first;
  await Promise.resolve();
  expect(file.writes.length).toBe(2);
  expect(file.writes[1]).toContain('"status":"c"');
  letGo();
  expect([await second, await third]).toEqual([ok(), ok()]);
  const fourth = board.save();
  expect(file.writes.length).toBe(3);
  letGo();
  await fourth;
});

test("a write that fails is told to those who waited for it, and the next one is tried anew", async () => {
  const { disk, letGo } = oneFile();
  const board = boardOn(disk);
  const first = board.save();
  const second = board.save();
  letGo(err(diskFull()));
  expect((await first).ok).toBe(false);
  letGo();
  expect((await second).ok).toBe(true);
});
