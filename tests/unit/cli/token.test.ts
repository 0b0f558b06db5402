import { beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { parseDuration } from "../../../src/base/duration.ts";
import { faultChain } from "../../../src/base/fault.ts";
import { createLog } from "../../../src/base/log.ts";
import type { CliContext, CommandOutcome } from "../../../src/cli/outcome.ts";
import { tokenCreate, tokenList, tokenRevoke } from "../../../src/cli/token.ts";
import { parseToken } from "../../../src/security/token-text.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

const START = Date.UTC(2026, 7, 1);
const DAY = 86_400_000;

let directory: ConfigDirectory;
let environment: Record<string, string>;
let now: number;
let stdout: string;
let stderr: string;

beforeEach(async () => {
  directory = await ConfigDirectory.make();
  environment = { TEDGE_HTTP_AUTHZ: "entity" };
  now = START;
  stdout = "";
  stderr = "";
});

function context(): CliContext {
  const clock: Clock = { ...systemClock, now: () => now };
  return {
    configDirectory: directory.path,
    environment,
    stdout: (text) => {
      stdout += text;
    },
    stderr: (text) => {
      stderr += text;
    },
    log: createLog("test"),
    clock,
    random: Math.random,
    signal: new AbortController().signal,
  };
}

async function create(entity: string, options: { expires?: string; read?: readonly string[] } = {}): Promise<string> {
  const expires = options.expires === undefined ? undefined : parseDuration(options.expires);
  const args = { entity, read: options.read ?? [], ...(expires?.ok === true ? { expires: expires.value } : {}) };
  expect(await tokenCreate(context(), args)).toEqual({ kind: "done" });
  const token = parseToken(stdout.trim());
  stdout = "";
  return token?.id ?? "no token";
}

async function list(): Promise<string[]> {
  stdout = "";
  expect(await tokenList(context())).toEqual({ kind: "done", exit: 0 });
  return stdout.split("\n").slice(0, -1);
}

const failure = (outcome: CommandOutcome) => (outcome.kind === "failed" ? faultChain(outcome.fault)[0] : outcome.kind);

describe("create", () => {
  test("prints the token alone on stdout, what it is for on stderr", async () => {
    await tokenCreate(context(), { entity: "device/valve", read: [] });
    expect(stdout).toMatch(/^tebus_[0-9a-f]{8}_[A-Za-z0-9_-]{43}\n$/);
    const id = parseToken(stdout.trim())?.id;
    expect(stderr).toBe(`Token ${id} of device/valve//, until it is revoked. It is shown only this once.\n`);
  });

  test("says so when tokens do not count yet, and when one may do everything", async () => {
    environment = {};
    await tokenCreate(context(), { entity: "device/main//", read: [] });
    expect(stderr).toContain("tedge config set http.authz entity");
    expect(stderr).toContain("A token of the main device may do everything.");
  });

  test.each([
    [{ entity: "a/b/c/d/e", read: [] }, "'a/b/c/d/e': An entity topic identifier has at most 4 segments"],
    [{ entity: "device/+", read: [] }, "'device/+': An entity topic identifier must be a valid MQTT topic"],
    [{ entity: "device/a", read: ["/etc"] }, "'/etc' is no path in the file store, such as firmware/valves"],
  ])("%j is refused and makes nothing", async (args, text) => {
    expect(await tokenCreate(context(), args)).toMatchObject({ kind: "usage", text });
    expect(readdirSync(directory.path)).toEqual(["system.toml"]);
  });
});

describe("list", () => {
  test("tells whose tokens they are and how long they count, in columns", async () => {
    expect(await list()).toEqual([]);
    const [first, second] = [
      await create("device/valve", { expires: "90d", read: ["firmware", "docs"] }),
      await create("plant/hall/line/robot"),
    ];
    now += 1;
    expect((await list()).sort()).toEqual(
      [
        `${first}  device/valve//         until 2026-10-30T00:00:00.000Z  also reads firmware, docs`,
        `${second}  plant/hall/line/robot  until it is revoked`,
      ].sort(),
    );
    now += 90 * DAY;
    expect((await list()).join("\n")).toContain("expired 2026-10-30T00:00:00.000Z");
  });

  test("tells a broken file and exits with 1", async () => {
    await create("device/valve");
    writeFileSync(join(directory.path, "http-auth", "00000bad.json"), "{");
    stderr = "";
    expect(await tokenList(context())).toEqual({ kind: "done", exit: 1 });
    expect(stdout).toContain("device/valve//");
    expect(stderr).toMatch(/^warning: The token file \S+00000bad.json is broken, its token does not count: /);
  });
});

describe("revoke", () => {
  test("takes tokens by their ids", async () => {
    const [first, second, third] = [await create("a"), await create("b"), await create("c")];
    expect(await tokenRevoke(context(), { ids: [first, third] })).toEqual({ kind: "done" });
    expect((await list()).map((line) => line.slice(0, 8))).toEqual([second]);
  });

  test("takes all of an entity", async () => {
    await create("device/valve");
    await create("device/valve//");
    const other = await create("device/pump");
    expect(await tokenRevoke(context(), { ids: [], entity: "device/valve" })).toEqual({ kind: "done" });
    expect((await list()).map((line) => line.slice(0, 8))).toEqual([other]);
    stderr = "";
    expect(await tokenRevoke(context(), { ids: [], entity: "device/valve" })).toEqual({ kind: "done" });
    expect(stderr).toBe("There is no token of device/valve//\n");
  });

  test("tells an id that there is not", async () => {
    expect(failure(await tokenRevoke(context(), { ids: ["0badcafe"] }))).toBe(
      "There is no token 0badcafe: see `tedge http-token list`",
    );
  });

  test("wants ids or an entity", async () => {
    expect(await tokenRevoke(context(), { ids: [] })).toMatchObject({ kind: "usage" });
    expect(await tokenRevoke(context(), { ids: ["0badcafe"], entity: "a" })).toMatchObject({ kind: "usage" });
  });
});
