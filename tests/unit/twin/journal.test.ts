import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { topicSchema } from "../../../src/bus/topic.ts";
import { createJournal } from "../../../src/twin/journal.ts";
import {
  formatJournalLine,
  JOURNAL_HEADER,
  type JournalLine,
  parseJournalLine,
} from "../../../src/twin/journal-line.ts";
import { announcedLine } from "../../../src/twin/journal-lines.ts";
import { readJournal } from "../../../src/twin/read-journal.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const schema = topicSchema("te");

function line(topic: string, payload: string, retain = true): JournalLine {
  return { topic, payload, retain };
}

const a = line("te/device/a//", '{"@type":"child-device","name":"Ä ✓"}');
const b = line("te/device/b//", '{"@type":"child-device"}');

function file(...lines: readonly (JournalLine | string)[]): string {
  const texts = lines.map((next) => (typeof next === "string" ? next : formatJournalLine(next)));
  return [JOURNAL_HEADER, ...texts, ""].join("\n");
}

function idsIn(text: string): string[] {
  return readJournal(schema, text).arrivals.map((arrival) => `${arrival.id} ${arrival.text}`);
}

describe("a journal line", () => {
  test("is the message as the reference writes it", () => {
    expect(formatJournalLine(line("te/device/pump7//", '{"@type":"child-device"}'))).toBe(
      '{"topic":{"name":"te/device/pump7//"},"payload":"{\\"@type\\":\\"child-device\\"}","qos":1,"retain":true}',
    );
  });

  test.each([
    '{"topic":"te/device/a//","payload":"","qos":1,"retain":true}',
    '{"topic":{"name":"te/device/a//"},"payload":{},"qos":1,"retain":true}',
    '{"topic":{"name":"te/device/a//"},"payload":"","qos":1}',
    '{"topic":{"name":"te/device/a//"},"payload":"","retain":true}',
    "",
    "garbage",
  ])("needs all four fields: %j is none", (text) => {
    expect(parseJournalLine(text)).toBeUndefined();
  });
});

describe("readJournal", () => {
  test("the last payload of a topic counts, at the place where the topic was first seen", () => {
    const later = line(a.topic, '{"@type":"child-device","name":"2"}');
    expect(idsIn(file(a, b, later))).toEqual([`device/a// ${later.payload}`, `device/b// ${b.payload}`]);
  });

  test("an empty payload removes the topic, a later one adds it at the end", () => {
    expect(idsIn(file(a, b, line(a.topic, "")))).toEqual([`device/b// ${b.payload}`]);
    expect(idsIn(file(a, b, line(a.topic, ""), a))).toEqual([`device/b// ${b.payload}`, `device/a// ${a.payload}`]);
  });

  test("the first line is skipped blindly", () => {
    expect(idsIn(file(a).replace(JOURNAL_HEADER, "whatever"))).toHaveLength(1);
  });

  test("lines that cannot be read are skipped and named", () => {
    const content = readJournal(
      schema,
      file("{torn", a, line("te/device/c//", "[]"), line("other/device/a//", "{}"), b),
    );
    expect(content.arrivals.map((arrival) => `${arrival.id}`)).toEqual(["device/a//", "device/b//"]);
    expect(content.unreadable).toEqual([2, 4, 5]);
    expect(content.lines).toBe(5);
  });

  test("twin lines of older versions and other channels are ignored", () => {
    const content = readJournal(schema, file(a, line(`${a.topic}/twin/x`, "1"), line(`${a.topic}/m/t`, "{}")));
    expect(content).toMatchObject({ unreadable: [], arrivals: [{ payload: { twin: { name: "Ä ✓" } } }] });
    expect(content.arrivals[0]?.removedKeys).toBeUndefined();
  });

  test("an empty twin line says that the fragment was taken away, until the next registration", () => {
    const gone = line(`${a.topic}/twin/name`, "");
    expect(readJournal(schema, file(a, gone)).arrivals[0]?.removedKeys).toEqual(new Set(["name"]));
    expect(readJournal(schema, file(a, gone, a)).arrivals[0]?.removedKeys).toBeUndefined();
    expect(readJournal(schema, file(gone)).arrivals).toEqual([]);
  });

  test("a removal is open until the line that ends it, or a new registration", () => {
    const removed = (...lines: JournalLine[]) => readJournal(schema, file(...lines)).removed.map(String);
    const begin = line(a.topic, "");
    expect(removed(a, begin)).toEqual(["device/a//"]);
    expect(removed(a, begin, line(a.topic, "", false))).toEqual([]);
    expect(removed(a, begin, a)).toEqual([]);
  });

  test("registrations behind the last mark may not have reached the broker", () => {
    const mark = announcedLine(schema);
    const read = (...lines: JournalLine[]) => readJournal(schema, file(...lines));
    expect(read(a, b).unannounced.map(String)).toEqual(["device/a//", "device/b//"]);
    expect(read(a, mark, b).unannounced.map(String)).toEqual(["device/b//"]);
    expect(read(a, mark, b, line(b.topic, "")).unannounced).toEqual([]);
    expect(read(a, b, mark, { ...mark, retain: true }).unannounced.map(String)).toEqual(["device/a//", "device/b//"]);
    expect(read(a, mark, a, mark)).toMatchObject({ unannounced: [], lines: 2, unreadable: [] });
  });

  test("an empty file holds nothing", () => {
    expect(readJournal(schema, "")).toEqual({ arrivals: [], removed: [], unannounced: [], lines: 0, unreadable: [] });
  });
});

describe("createJournal", () => {
  test("appends to what is there, and rewrites it whole", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "state", "entity_store.jsonl");
    const journal = createJournal(path);
    expect(await journal.read()).toEqual({ ok: true, value: "" });
    expect((await journal.rewrite([])).ok).toBe(true);
    expect((await journal.append([a])).ok).toBe(true);
    expect((await journal.append([b, a])).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(file(a, b, a));
    expect((await journal.rewrite([b])).ok).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(file(b));
  });

  test("does not begin a file in the middle when it was taken away", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "entity_store.jsonl");
    const journal = createJournal(path);
    await journal.rewrite([a]);
    rmSync(path);
    expect(await journal.append([b])).toMatchObject({ ok: false, fault: { code: "not-found" } });
  });

  test("a path that cannot be written or read is a fault", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "entity_store.jsonl");
    mkdirSync(path);
    const journal = createJournal(path);
    expect((await journal.read()).ok).toBe(false);
    expect((await journal.append([a])).ok).toBe(false);
    expect((await journal.rewrite([a])).ok).toBe(false);
  });

  test("killed at any byte: every whole line before the cut counts, and lines appended after the restart too", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "entity_store.jsonl");
    const lines = [a, b, line(`${a.topic}/twin/name`, ""), line(b.topic, "")];
    const whole = new TextEncoder().encode(file(...lines));
    const fresh = line("te/device/z//", '{"@type":"child-device"}');
    const ends = [...whole.keys()].filter((at) => whole[at] === 0x0a);
    for (let length = 0; length <= whole.length; length += 1) {
      writeFileSync(path, whole.subarray(0, length));
      const journal = createJournal(path);
      const read = await journal.read();
      const before = readJournal(schema, read.ok ? read.value : "");
      // A line is whole with its last character, whether the line end made it to disk or not.
      const wholeLines = ends.filter((end) => end <= length).length - 1;
      const expected = readJournal(schema, file(...lines.slice(0, Math.max(0, wholeLines))));
      expect(before.arrivals).toEqual(expected.arrivals);
      expect(before.removed).toEqual(expected.removed);
      if (length === 0) continue;
      await journal.append([fresh]);
      const after = readJournal(schema, readFileSync(path, "utf8"));
      expect(after.arrivals.map((arrival) => `${arrival.id}`)).toContain("device/z//");
      expect(after.arrivals).toHaveLength(expected.arrivals.length + 1);
    }
  });
});
