import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { lineStamp } from "../../../../src/operations/logs/line-stamp.ts";
import { parseLogFileEntries, selectLogFiles } from "../../../../src/operations/logs/log-files.ts";
import { printLogFiles } from "../../../../src/operations/logs/print-log.ts";

const DAY = 86_400;
const MAY_1 = 1_714_521_600;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-log-files-"));
  await mkdir(join(directory, "app.log.d"));
  await put("app.log.2", "2024-05-01T10:00:00Z first\n", MAY_1 + DAY);
  await put("app.log.1", "2024-05-02T10:00:00Z second\n\ttrace of second\n2024-05-02T20:00:00Z third", MAY_1 + 2 * DAY);
  await put("app.log", "2024-05-03T10:00:00Z fourth\n", MAY_1 + 3 * DAY);
  await put("plain.1", "one\n", MAY_1 + DAY);
  await put("plain.0", "two\n", MAY_1 + 2 * DAY);
  await put("plain", "three\n", MAY_1 + 3 * DAY);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

async function put(name: string, content: string | Uint8Array, modified: number): Promise<void> {
  await writeFile(join(directory, name), content);
  await utimes(join(directory, name), modified, modified);
}

async function select(path: string, range: { since?: number; until?: number } = {}): Promise<readonly string[]> {
  const entries = [
    { type: "app", path: join(directory, path) },
    { type: "other", path: join(directory, "*") },
  ];
  return (await selectLogFiles(entries, "app", range)).map((found) => basename(found));
}

async function print(names: readonly string[], until?: number) {
  const warnings: string[] = [];
  let text = "";
  const paths = names.map((name) => join(directory, name));
  const printed = await printLogFiles(paths, until, {
    print: (bytes) => {
      text += Buffer.from(bytes).toString();
    },
    warn: (warning) => warnings.push(warning),
  });
  return { printed, text, warnings };
}

describe("the log files of a type", () => {
  test("come the oldest first, without directories", async () => {
    expect(await select("app.log*")).toEqual(["app.log.2", "app.log.1", "app.log"]);
  });

  test("of the same age come the highest number first", async () => {
    for (const name of ["same.log", "same.log.1", "same.log.2", "same.log.10"]) await put(name, "x\n", MAY_1);
    expect(await select("same.log*")).toEqual(["same.log.10", "same.log.2", "same.log.1", "same.log"]);
  });

  test("are left out when they end before the range, unless the path has no *", async () => {
    expect(await select("app.log*", { since: MAY_1 + 2 * DAY })).toEqual(["app.log.1", "app.log"]);
    expect(await select("app.log", { since: MAY_1 + 9 * DAY })).toEqual(["app.log"]);
    expect(await select("app.lo?", { since: MAY_1 + 9 * DAY })).toEqual(["app.log"]);
  });

  test("are left out when their first time is after the range", async () => {
    expect(await select("app.log*", { until: MAY_1 + DAY + 1 })).toEqual(["app.log.2"]);
    expect(await select("app.log*", { since: MAY_1 + DAY + 1, until: MAY_1 + 2 * DAY })).toEqual(["app.log.1"]);
    expect(await select("app.log", { until: MAY_1 })).toEqual(["app.log"]);
  });

  test("that tell no time begin when the one before them ends", async () => {
    expect(await select("plain*", { until: MAY_1 + DAY - 1 })).toEqual(["plain.1"]);
    expect(await select("plain*", { until: MAY_1 + DAY })).toEqual(["plain.1", "plain.0"]);
    expect(await select("plain*", { until: MAY_1 + 2 * DAY })).toEqual(["plain.1", "plain.0", "plain"]);
  });

  test("of several entries are merged, each once; nothing that is not there", async () => {
    const entries = ["app.log*", "app.log", "plain", "missing*", "missing"].map((path) => ({
      type: "app",
      path: join(directory, path),
    }));
    const found = await selectLogFiles(entries, "app", {});
    expect(found.map((path) => basename(path))).toEqual(["app.log.2", "app.log.1", "plain", "app.log"]);
    expect(await selectLogFiles(entries, "unknown", {})).toEqual([]);
  });
});

describe("printing log files", () => {
  test("puts the name above the lines of each and ends the last line", async () => {
    expect(await print(["app.log.1", "app.log"])).toEqual({
      printed: 2,
      text:
        "filename: app.log.1\n2024-05-02T10:00:00Z second\n\ttrace of second\n2024-05-02T20:00:00Z third\n" +
        "filename: app.log\n2024-05-03T10:00:00Z fourth\n",
      warnings: [],
    });
  });

  test("leaves out lines that tell a later time, with those that belong to them", async () => {
    const { text } = await print(["app.log.1"], MAY_1 + DAY + 10 * 3_600);
    expect(text).toBe("filename: app.log.1\n2024-05-02T10:00:00Z second\n\ttrace of second\n");
    expect((await print(["app.log.1"], MAY_1)).text).toBe("filename: app.log.1\n");
  });

  test("unpacks what was compressed, and shows that an empty file is there", async () => {
    await put("old.log.3.gz", gzipSync("packed\n"), MAY_1);
    await put("empty.log", "", MAY_1);
    expect((await print(["old.log.3.gz", "empty.log"])).text).toBe(
      "filename: old.log.3.gz\npacked\nfilename: empty.log\n",
    );
  });

  test("tells of what cannot be read and goes on", async () => {
    await put("broken.gz", "not packed", MAY_1);
    const { printed, text, warnings } = await print(["gone", "broken.gz", "plain"]);
    expect({ printed, text }).toEqual({ printed: 1, text: "filename: plain\nthree\n" });
    expect(warnings).toEqual([
      `Skipping ${directory}/gone: No such file or directory (os error 2)`,
      expect.stringContaining(`Skipping ${directory}/broken.gz: `),
    ]);
  });
});

describe("the time of a line", () => {
  test.each([
    ["2024-05-01T00:00:00Z x", MAY_1],
    ["2024-05-01T02:00:00.5+02:00 x", MAY_1],
    ["2024-05-01T02:00:00+0200 host tedge-agent[1]: x", MAY_1],
    ["[2024-05-01 00:00:00.123Z] x", MAY_1],
    ["2024-05-01 00:00:00,123 +00:00 x", MAY_1],
    ["2024-05-01T00:00:00 x", undefined],
    ["May  1 00:00:00 x", undefined],
    ["2024-13-01T00:00:00Z x", undefined],
    ["", undefined],
  ])("%s is found", (line, expected) => {
    expect(lineStamp(Buffer.from(line))).toBe(expected);
  });
});

describe("entries of tedge-log-plugin.toml", () => {
  test("need a type and a path; other keys do not matter", () => {
    const text = 'files = [{ type = "a", path = "/a", more = 1 }, { type = "a", path = "/b" }]\nother = 2\n';
    expect(parseLogFileEntries(text)).toMatchObject({
      value: [
        { type: "a", path: "/a" },
        { type: "a", path: "/b" },
      ],
    });
  });

  test.each(['files = [{ path = "/a" }]', 'files = [{ type = "a" }]', "files = 1", "", "files = ["])(
    "are none of %j",
    (text) => {
      expect(parseLogFileEntries(text)).toMatchObject({ ok: false, fault: { code: "malformed" } });
    },
  );
});
