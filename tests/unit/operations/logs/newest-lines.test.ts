import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { copyNewestLines, type LineChoice } from "../../../../src/operations/logs/newest-lines.ts";

let directory: string;
let count = 0;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-lines-"));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function pick(content: string | Uint8Array, choice: Partial<LineChoice> = {}) {
  const source = join(directory, `source-${count++}`);
  const target = `${source}.log`;
  await writeFile(source, content);
  const wanted = { searchText: "", lines: 0, ...choice };
  const copied = await copyNewestLines(source, target, wanted, new AbortController().signal);
  return copied.ok ? { text: await readFile(target, "utf8"), mode: (await stat(target)).mode & 0o777 } : copied.fault;
}

describe("the newest lines of a log", () => {
  test.each([
    ["a\nb\nc\n", { lines: 2 }, "b\nc\n"],
    ["a\nb\nc", { lines: 2 }, "b\nc\n"],
    ["a\nb\nc\n", { lines: 10 }, "a\nb\nc\n"],
    ["a\nb\n", { lines: 0 }, "a\nb\n"],
    ["", { lines: 2 }, ""],
    ["\n\n", { lines: 5 }, "\n\n"],
    ["a\r\nb\r\n", { lines: 5 }, "a\nb\n"],
    ["Error 1\nok\nerror 2\nError 3\nok\n", { searchText: "Error", lines: 5 }, "Error 1\nError 3\n"],
    ["E 1\nE 2\nok\nE 3\n", { searchText: "E", lines: 2 }, "E 2\nE 3\n"],
    ["a.c\nabc\n", { searchText: "a.c" }, "a.c\n"],
    ["größe\ngrosse\n", { searchText: "öß" }, "größe\n"],
    ["a\n", { searchText: "b", lines: 3 }, ""],
  ])("of %j with %j are %j", async (content, choice, expected) => {
    expect(await pick(content, choice)).toEqual({ text: expected, mode: 0o600 });
  });

  test("are those that a simple program would pick, wherever pieces of the file end", async () => {
    const line = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, "")),
      fc.integer({ min: 100_000, max: 400_000 }).map((length) => "ü".repeat(length)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.nat(6),
        fc.constantFrom("", "a", "ü"),
        async (texts, lines, searchText) => {
          const wanted = texts.filter((text) => text.includes(searchText));
          const expected = (lines === 0 ? wanted : wanted.slice(-lines)).map((text) => `${text}\n`).join("");
          const picked = await pick(texts.map((text) => `${text}\n`).join(""), { lines, searchText });
          expect(picked).toMatchObject({ text: expected });
        },
      ),
      { numRuns: 30 },
    );
  });

  test("are refused when the log is no UTF-8 text, or has a line without end", async () => {
    expect(await pick(Buffer.from([0x61, 0xff, 0x0a]))).toMatchObject({
      code: "not-utf8",
      message: "The log is not UTF-8",
    });
    expect(await pick(Buffer.alloc(17 * 1024 * 1024, "x"))).toMatchObject({ code: "line-too-long" });
  });

  test("are not picked any more once that is cancelled", async () => {
    const source = join(directory, "cancelled");
    await writeFile(source, "a\n");
    const copied = await copyNewestLines(source, `${source}.log`, { searchText: "", lines: 1 }, AbortSignal.abort());
    expect(copied).toMatchObject({ ok: false });
  });
});
