import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CancelTimer, type Clock, systemClock } from "../../../src/base/clock.ts";
import { type Fault, fault } from "../../../src/base/fault.ts";
import { err, ok, type Result } from "../../../src/base/result.ts";
import { type ServerTls, type ServerTlsSettings, serverTls } from "../../../src/security/server-tls.ts";
import { watchServerTls } from "../../../src/security/server-tls-watch.ts";
import { type TempDir, tempDir } from "../../system/world/temp-dir.ts";
import { makeIdentity, type TestIdentity } from "../../system/world/test-authority.ts";
import { recordedLog } from "../http/recorded-log.ts";

let directory: TempDir;
let log: ReturnType<typeof recordedLog>;
let first: TestIdentity;
let second: TestIdentity;
let used: ServerTls[];
/** What the server answers when it is to use another certificate. */
let answer: Result<undefined, Fault>;
let watch: ReturnType<typeof watchServerTls> | undefined;

const SETTLE = 200;
const SECOND_LOOK = 3_000;
const POLL = 60_000;

/** A clock that fires timers of a certain length when a test says so. */
class HandClock implements Clock {
  readonly timers = new Map<() => void, number>();
  now = systemClock.now;
  monotonic = systemClock.monotonic;

  after(milliseconds: number, fire: () => void): CancelTimer {
    this.timers.set(fire, milliseconds);
    return () => this.timers.delete(fire);
  }

  run(lengths: readonly number[]): void {
    for (const [fire, length] of [...this.timers]) {
      if (lengths.includes(length) && this.timers.delete(fire)) fire();
    }
  }
}

let clock: HandClock;

beforeEach(async () => {
  directory = await tempDir("tls-watch");
  log = recordedLog();
  mkdirSync(join(directory.path, "made"));
  first = makeIdentity(join(directory.path, "made"), "first");
  second = makeIdentity(join(directory.path, "made"), "second");
  used = [];
  answer = ok();
  clock = new HandClock();
});

afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await directory.remove();
});

const at = (name: string) => join(directory.path, name);

function lay(place: string, identity: TestIdentity): void {
  mkdirSync(at(place), { recursive: true });
  cpSync(identity.certPath, at(`${place}/cert.pem`));
  cpSync(identity.keyPath, at(`${place}/key.pem`));
}

/** Puts a file in place as a renewal tool does. */
function replace(path: string, content: string): void {
  writeFileSync(at(`${path}.new`), content);
  renameSync(at(`${path}.new`), at(path));
}

async function start(settings: ServerTlsSettings): Promise<void> {
  const tls = await serverTls(settings);
  if (!tls.ok || tls.value === undefined) throw new Error("The first certificate is bad");
  const use = async (changed: ServerTls) => {
    used.push(changed);
    return answer;
  };
  watch = watchServerTls({ settings, inUse: tls.value, use, clock, log });
}

function settingsOf(place: string, ca?: string): ServerTlsSettings {
  return {
    cert: ["http.cert_path", at(`${place}/cert.pem`)],
    key: ["http.key_path", at(`${place}/key.pem`)],
    ca: ["http.ca_path", ca === undefined ? undefined : at(ca)],
  };
}

/** Resolves once `done` holds, while timers of these lengths end again and again; the test's own timeout ends it otherwise. */
async function until(done: () => boolean, ...lengths: readonly number[]): Promise<void> {
  while (!done()) {
    clock.run(lengths);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const lines = (part: string) => log.lines.filter((line) => line.includes(part));

describe("a certificate is changed", () => {
  test("when its files are replaced by rename, one after the other, without a warning", async () => {
    lay("tls", first);
    await start(settingsOf("tls"));
    replace("tls/cert.pem", second.cert);
    replace("tls/key.pem", second.key);
    await until(() => lines("HTTPS certificate changed").length > 0, SETTLE);
    expect(used.map(({ cert }) => cert)).toEqual([second.cert]);
    expect(log.lines).toEqual([
      expect.stringMatching(/^info: The HTTPS certificate changed: CN=second, valid until \w+ +\d+ [\d:]+ \d+ GMT$/),
    ]);
  });

  test("when a link to it is swapped", async () => {
    lay("archive/1", first);
    lay("archive/2", second);
    mkdirSync(at("live"));
    for (const name of ["cert.pem", "key.pem"]) symlinkSync(`../archive/1/${name}`, at(`live/${name}`));
    await start(settingsOf("live"));
    for (const name of ["cert.pem", "key.pem"]) {
      symlinkSync(`../archive/2/${name}`, at("live/new"));
      renameSync(at("live/new"), at(`live/${name}`));
    }
    await until(() => used.at(-1)?.cert === second.cert, SETTLE);
  });

  test("when the files that it links to are written", async () => {
    lay("archive", first);
    mkdirSync(at("live"));
    for (const name of ["cert.pem", "key.pem"]) symlinkSync(`../archive/${name}`, at(`live/${name}`));
    await start(settingsOf("live"));
    lay("archive", second);
    await until(() => used.at(-1)?.cert === second.cert, SETTLE);
    lay("archive", first);
    await until(() => used.at(-1)?.cert === first.cert, SETTLE);
  });

  test("within a minute when the directory is another one", async () => {
    lay("releases/1", first);
    lay("releases/2", first);
    symlinkSync("releases/1", at("current"));
    await start(settingsOf("current"));
    lay("releases/1", second);
    await until(() => lines("HTTPS certificate changed").length > 0, SETTLE);
    symlinkSync("releases/2", at("new"));
    renameSync(at("new"), at("current"));
    await until(() => used.at(-1)?.cert === first.cert, POLL);
  });

  test("when the authorities of the clients change, in a directory or a file", async () => {
    lay("tls", first);
    mkdirSync(at("ca"));
    cpSync(first.certPath, at("ca/first.pem"));
    await start(settingsOf("tls", "ca"));
    cpSync(second.certPath, at("ca/second.pem"));
    await until(() => used.at(-1)?.clientCa?.length === 2, SETTLE);
    rmSync(at("ca/first.pem"));
    await until(() => used.at(-1)?.clientCa?.join() === second.cert, SETTLE);
    expect(lines("client certificates of 1 authorities accepted").length).toBe(1);
  });
});

describe("files that cannot be used", () => {
  test("change nothing, are told once, and are used once they are mended", async () => {
    lay("tls", first);
    await start(settingsOf("tls"));
    replace("tls/key.pem", second.key);
    await until(() => lines("warn: ").length > 0, SETTLE, SECOND_LOOK);
    expect(log.lines.at(-1)).toStartWith(
      "warn: The HTTPS certificate in use is kept, since the files that changed cannot be used: invalid key or certificate: the first certificate in ",
    );
    writeFileSync(at("tls/other"), "");
    replace("tls/cert.pem", second.cert);
    await until(() => used.length > 0, SETTLE);
    expect(used.map(({ cert }) => cert)).toEqual([second.cert]);
    expect(lines("warn: ").length).toBe(1);
  });

  test("may become again what they were", async () => {
    lay("tls", first);
    await start(settingsOf("tls"));
    rmSync(at("tls/cert.pem"));
    await until(() => lines("cannot open certificate file").length > 0, SETTLE, SECOND_LOOK);
    lay("tls", first);
    await until(() => lines("info: The files of the HTTPS certificate are again those").length > 0, SETTLE);
    expect(used).toEqual([]);
  });

  test("are those that the server does not take, too", async () => {
    lay("tls", first);
    await start(settingsOf("tls"));
    answer = err(fault("bad-tls", "no"));
    lay("tls", second);
    await until(() => lines("warn: ").length > 0, SETTLE, SECOND_LOOK);
    expect(log.lines.at(-1)).toEndWith("cannot be used: no");
    answer = ok();
    await until(() => lines("HTTPS certificate changed").length > 0, POLL);
  });
});

test("what is stopped waits for nothing more", async () => {
  lay("tls", first);
  await start(settingsOf("tls"));
  lay("tls", second);
  await until(() => used.length > 0, SETTLE);
  expect(clock.timers.size).toBeGreaterThan(0);
  await watch?.stop();
  expect(clock.timers.size).toBe(0);
});
