import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { createLog } from "../../../src/base/log.ts";
import { workflowValidate } from "../../../src/cli/workflow-validate.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "workflow-"));
});

afterAll(() => rm(folder, { recursive: true }));

async function validate(files: readonly string[], json = false) {
  const printed: string[] = [];
  const context = {
    configDirectory: folder,
    environment: {},
    stdout: (text: string) => void printed.push(text),
    stderr: () => undefined,
    log: createLog("test"),
    clock: systemClock,
    random: () => 0,
    signal: new AbortController().signal,
  };
  const outcome = await workflowValidate(context, { files, json });
  return { outcome, printed: printed.join("") };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test("a file with warnings alone is valid", async () => {
  const path = await file("fine.toml", 'operation = "op"\n[init]\naction = "proceed"\ncolour = "red"\n');
  const { outcome, printed } = await validate([path]);
  expect(outcome).toEqual({ kind: "done", exit: 0 });
  expect(printed).toBe(
    [
      "warning: Unknown key: colour",
      ` --> ${path}:4:1`,
      "  |",
      '4 | colour = "red"',
      "  | ^^^^^^",
      "",
      `${path}: valid, 1 warning (operation op)`,
      "",
    ].join("\n"),
  );
});

test("one bad file of several makes the exit code 1, and all are told", async () => {
  const good = await file("good.toml", 'operation = "good"\n[init]\naction = "proceed"\n');
  const bad = await file("bad.toml", 'operation = "bad"\n[init]\naction = "dance"\n');
  const { outcome, printed } = await validate([bad, good, join(folder, "missing.toml")], true);
  expect(outcome).toEqual({ kind: "done", exit: 1 });
  expect(JSON.parse(printed)).toEqual([
    {
      file: bad,
      operation: "bad",
      valid: false,
      problems: [{ severity: "error", message: "Unknown action: dance", line: 3, column: 10 }],
    },
    { file: good, operation: "good", valid: true, problems: [] },
    expect.objectContaining({ valid: false }),
  ]);
});
