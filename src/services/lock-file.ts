import { closeSync, fchmodSync, fstatSync, openSync, writeSync } from "node:fs";
import { link, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Held until `release`, or until the process dies. */
export interface LockFile {
  release(): Promise<void>;
}

/** `held`: another live process has it. `unavailable`: the directory is missing or cannot be written. */
export type LockFaultCode = "held" | "unavailable";

/**
 * Takes `<directory>/<service>.lock`, whose content is our PID without a newline (spec/cli-and-config §12.2).
 *
 * There is no `flock` in `node:`, so the file's existence is the lock: it comes into being whole, by `link`, which fails if the name is taken.
 * It counts as held as long as the process that it names is alive and has this very file open, so that neither a crash nor a PID
 * used again blocks a start; a service of the reference is recognised by the same signs. Processes in different PID namespaces don't see each other.
 */
export async function acquireLock(directory: string, service: string): Promise<Result<LockFile, Fault<LockFaultCode>>> {
  const path = join(directory, `${service}.lock`);
  const own = join(directory, `.${service}.lock.${process.pid}.${lockCount++}`);
  let descriptor: number | undefined;
  try {
    descriptor = createOwn(own);
    if (await takeName(own, path)) return ok(held(path, descriptor));
    closeSync(descriptor);
    return err(fault("held", `Another instance of ${service} is running.`));
  } catch (thrown) {
    if (descriptor !== undefined) closeSync(descriptor);
    const cause = fault(toFault(thrown).code, osErrorText(thrown));
    return err(fault("unavailable", `Cannot create the lock file ${path}`, { cause }));
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
}

let lockCount = 0;

/** A bare descriptor, since it has to stay open for as long as the process lives; a `FileHandle` is closed once nobody refers to it. */
function createOwn(path: string): number {
  const descriptor = openSync(path, "wx", 0o666);
  writeSync(descriptor, String(process.pid));
  fchmodSync(descriptor, 0o666);
  return descriptor;
}

/** More tries than that mean that others come and go all the time. */
const TRIES = 20;

async function takeName(own: string, path: string): Promise<boolean> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (await linked(own, path)) return true;
    const stale = await look(path);
    if (stale === "held") return false;
    if (stale !== "gone" && (await takeOver(own, path, stale))) return true;
  }
  return false;
}

/** Only who holds the claim may replace a dead lock, and looks again first: of two that found it dead one wins. */
async function takeOver(own: string, path: string, stale: FileIdentity): Promise<boolean> {
  const claim = `${path}.claim`;
  if (!(await linked(own, claim))) {
    const claimed = await look(claim);
    if (claimed !== "held" && claimed !== "gone") await rm(claim, { force: true });
    return false;
  }
  try {
    if (!sameFile(await identify(path), stale)) return false;
    await rename(own, path);
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

async function linked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (thrown) {
    if (toFault(thrown).code === "EEXIST") return false;
    throw thrown;
  }
}

function held(path: string, descriptor: number): LockFile {
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      const ours = fstatSync(descriptor, { bigint: true });
      if (sameFile(await identify(path), ours)) await rm(path, { force: true });
      closeSync(descriptor);
    },
  };
}

interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Who has the lock: a live process, nobody (then which file it is that stayed behind), or it went away meanwhile. */
async function look(path: string): Promise<"held" | "gone" | FileIdentity> {
  const identity = await identify(path);
  if (identity === undefined) return "gone";
  const content = await readFile(path, "utf8").catch(() => undefined);
  if (content === undefined) return "gone";
  const pid = Number(content.trim());
  const holds = Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) && (await hasOpen(pid, identity));
  return holds ? "held" : identity;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return toFault(thrown).code === "EPERM";
  }
}

/** Whether a process has the file open; true when the system does not let us know. */
async function hasOpen(pid: number, identity: FileIdentity): Promise<boolean> {
  const descriptors = `/proc/${pid}/fd`;
  const names = await readdir(descriptors).catch(() => undefined);
  if (names === undefined) return true;
  for (const name of names) {
    if (sameFile(await identify(join(descriptors, name)), identity)) return true;
  }
  return false;
}

async function identify(path: string): Promise<FileIdentity | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function sameFile(left: FileIdentity | undefined, right: FileIdentity): boolean {
  return left !== undefined && left.dev === right.dev && left.ino === right.ino;
}
