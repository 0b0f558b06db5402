import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { createLog } from "../../../../src/base/log.ts";
import { CHECKS } from "../../../../src/services/demo/checklist.ts";
import { runDemo } from "../../../../src/services/demo/run-demo.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";

let directory: TemporaryDirectory;
let temporary: string | undefined;
let printed: string[];

beforeEach(() => {
  directory = temporaryDirectory();
  temporary = process.env.TMPDIR;
  printed = [];
});

afterEach(() => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  directory[Symbol.dispose]();
});

/** Below a temporary directory of this name. */
async function run(name: string): Promise<readonly string[]> {
  process.env.TMPDIR = join(directory.path, name);
  return await runDemo({
    environment: {},
    clock: systemClock,
    random: Math.random,
    log: createLog,
    print: (line) => printed.push(line),
    signal: new AbortController().signal,
  });
}

/** Where the demo's bus was. */
function busPort(): number {
  return Number(/the bus is on (\d+)/.exec(printed.join("\n"))?.[1] ?? 1883);
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

describe("a stage that cannot be set leaves nothing behind", () => {
  test("when there is no place for its folder", async () => {
    expect(await run("missing")).toEqual(Object.values(CHECKS));
    expect(printed.at(-1)).toContain("ENOENT");
    expect(await isOpen(busPort())).toBe(false);
  });

  test("when the gateway cannot be built, as its folder's name breaks its configuration", async () => {
    mkdirSync(join(directory.path, 'quo"ted'));
    expect(await run('quo"ted')).toEqual(Object.values(CHECKS));
    expect(printed.at(-1)).toContain("tedge.toml");
    expect(readdirSync(join(directory.path, 'quo"ted'))).toEqual([]);
    expect(await isOpen(busPort())).toBe(false);
  });
});
