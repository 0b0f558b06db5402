import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { describeFault } from "../../../src/base/fault.ts";
import { createToken, removeToken } from "../../../src/security/token-directory.ts";
import { createTokenKeeper, type TokenKeeper } from "../../../src/security/token-keeper.ts";
import { localTokenPath, readLocalToken } from "../../../src/security/token-local.ts";
import { formatToken } from "../../../src/security/token-text.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../files/temporary-directory.ts";
import { recordedLog } from "../http/recorded-log.ts";
import { foreseenBytes } from "./token-bytes.ts";

const EXPIRY = 1_000_000;

let root: TemporaryDirectory;
let directory: { readonly path: string };
let now: number;
let log: ReturnType<typeof recordedLog>;
/** Of the first error in the log. */
let told: PromiseWithResolvers<void>;
let keeper: TokenKeeper;
let random: ReturnType<typeof foreseenBytes>;

/** Timers fire at once: what settles before tokens are read again needs no time here. */
const clock: Clock = {
  ...systemClock,
  now: () => now,
  after(_milliseconds, fire) {
    queueMicrotask(fire);
    return () => undefined;
  },
};

beforeEach(() => {
  root = temporaryDirectory();
  directory = { path: join(root.path, "http-auth") };
  now = 1_000;
  const error = Promise.withResolvers<void>();
  told = error;
  const recorded = recordedLog();
  log = {
    ...recorded,
    error(text, fault) {
      recorded.error(text, fault);
      error.resolve();
    },
  };
  random = foreseenBytes();
  keeper = createTokenKeeper({ directory, clock, random, log });
});

afterEach(() => {
  keeper.close();
  root[Symbol.dispose]();
});

async function create(entity = "device/valve//") {
  const created = await createToken(directory, { entity, expires: EXPIRY, reads: [] }, { now, random });
  if (!created.ok) throw new Error(created.fault.message);
  return created.value;
}

const open = async () => expect(await keeper.open()).toEqual({ ok: true, value: undefined });

/** Resolves once tokens were read so that something is as it should be. */
const readAgain = (isSo: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => {
      if (!isSo()) return;
      unwatch();
      resolve();
    };
    const unwatch = keeper.watch(look);
    look();
  });

describe("a token", () => {
  test("is told by its text, until it expires", async () => {
    const { record, text } = await create();
    await open();
    expect(keeper.holderOf(text)).toEqual({ ok: true, value: { kind: "client", record } });
    expect(keeper.hasTokenFor("device/valve//")).toBe(true);
    expect(keeper.hasTokenFor("device/pump//")).toBe(false);
    now = EXPIRY;
    expect(keeper.holderOf(text)).toEqual({ ok: false, fault: "expired" });
    expect(keeper.hasTokenFor("device/valve//")).toBe(false);
  });

  test("with another secret is not known, whether it has expired or not", async () => {
    const [first, second] = [await create(), await create()];
    await open();
    const mixed = `${first.text.slice(0, "tebus_00000000".length)}${second.text.slice("tebus_00000000".length)}`;
    for (const at of [1_000, EXPIRY]) {
      now = at;
      for (const text of [mixed, "", "x", `tebus_deadbeef${second.text.slice(14)}`]) {
        expect(keeper.holderOf(text)).toEqual({ ok: false, fault: "unknown" });
      }
    }
  });

  test("of the gateway itself is made at the first start, and has no end", async () => {
    await open();
    const local = await readLocalToken(directory);
    const text = local.ok ? formatToken(local.value) : "";
    now = Number.MAX_SAFE_INTEGER;
    expect(keeper.holderOf(text)).toEqual({ ok: true, value: { kind: "gateway" } });
  });

  test("is written in no log", async () => {
    const { text } = await create();
    await open();
    keeper.holderOf(text);
    expect(log.lines.join()).not.toContain("tebus_");
  });
});

describe("while the agent runs", () => {
  test("a token that is made counts, and one that is revoked does not", async () => {
    await open();
    const made = await create();
    await readAgain(() => keeper.holderOf(made.text).ok);
    await removeToken(directory, made.record.id);
    await readAgain(() => !keeper.holderOf(made.text).ok);
    expect(keeper.hasTokenFor("device/valve//")).toBe(false);
  });

  test("a token of the gateway that is taken away is made anew", async () => {
    await open();
    const before = await readLocalToken(directory);
    rmSync(localTokenPath(directory));
    await readAgain(() => before.ok && !keeper.holderOf(formatToken(before.value)).ok);
    const after = await readLocalToken(directory);
    expect(after.ok && keeper.holderOf(formatToken(after.value)).ok).toBe(true);
  });

  test("a directory that was taken away is made anew and watched again", async () => {
    await open();
    rmSync(directory.path, { recursive: true });
    await readAgain(() => existsSync(localTokenPath(directory)));
    const { text } = await create();
    await readAgain(() => keeper.holderOf(text).ok);
    expect(keeper.holderOf(text).ok).toBe(true);
  });

  test("a broken file is told once, and the other tokens count on", async () => {
    const { text } = await create();
    await open();
    writeFileSync(join(directory.path, "00000bad.json"), "{");
    await readAgain(() => log.lines.some((line) => line.startsWith("error:")));
    const other = await create("device/pump//");
    await readAgain(() => keeper.holderOf(other.text).ok);
    expect(keeper.holderOf(text).ok).toBe(true);
    expect(log.lines.filter((line) => line.includes("00000bad.json"))).toHaveLength(1);
  });

  test("what cannot be read leaves the tokens of before in force", async () => {
    const { text } = await create();
    await open();
    const token = readFileSync(localTokenPath(directory));
    writeFileSync(localTokenPath(directory), "no token");
    const complaint = "error: The tokens cannot be read, those of before still count: ";
    await told.promise;
    expect(log.lines.filter((line) => line.startsWith(complaint))).toHaveLength(1);
    expect(keeper.holderOf(text).ok).toBe(true);
    expect(keeper.holderOf(token.toString().trim()).ok).toBe(true);
  });
});

test("an agent that cannot read them does not start", async () => {
  writeFileSync(directory.path, "a file");
  const opened = await keeper.open();
  expect(opened.ok ? "" : describeFault(opened.fault)).toStartWith(`Cannot make the directory ${directory.path}: `);
});
