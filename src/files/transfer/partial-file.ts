import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { adoptTemporaryFile, createTemporaryFile, type TemporaryFile } from "../temporary-file.ts";
import { formatPartialName, isKeepable, type PartialName, parsePartialName, partialKey } from "./partial-name.ts";
import { isRunning, thisProcess } from "./process-owner.ts";
import { FROM_THE_START, type ResumePoint } from "./resume.ts";

/** A download under way, beside its target. What was kept of it outlasts a process that is killed, and can be gone on with. */
export interface PartialFile extends TemporaryFile {
  /** How far a process that is gone came with the same download. */
  readonly found: ResumePoint;
  /** To be called when all up to `point.written` is written; now and then it keeps that. */
  progress(point: ResumePoint): Promise<void>;
}

/** What is lost at most when a process is killed or the power fails: what came since so many bytes, or milliseconds. */
const KEEP_AFTER_BYTES = 16 * 1024 * 1024;
const KEEP_AFTER_TIME = 10_000;

/** Milliseconds for which what a process left waits to be gone on with. */
const LEFT_FOR = 3_600_000;

/** Takes over what a process that is gone left of the same download, or makes an empty file with mode 0600. */
export async function openPartialFile(url: string, target: string, clock: Clock): Promise<PartialFile> {
  const directory = dirname(target);
  const identity = { key: partialKey(url, target), owner: await thisProcess(), serial: opened++ };
  for (const left of await leftIn(directory)) {
    const { key, kept, etag } = left.says;
    if (key !== identity.key || etag === undefined) continue;
    const file = await adoptTemporaryFile(join(directory, left.name)).catch(() => undefined);
    if (file === undefined) continue;
    await file.keepAs(formatPartialName({ ...identity, kept, etag }));
    return keeping(file, { written: kept, resumable: true, etag }, identity, clock);
  }
  const name = formatPartialName({ ...identity, kept: 0, etag: undefined });
  return keeping(await createTemporaryFile(directory, 0o600, name), FROM_THE_START, identity, clock);
}

/** Removes what processes that are gone left in a directory, once nobody can be expected to go on with it. Never throws. */
export async function removeLeftPartials(directory: string, clock: Clock): Promise<void> {
  for (const { name } of await leftIn(directory)) {
    const path = join(directory, name);
    const age = clock.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? clock.now());
    if (age > LEFT_FOR) await rm(path, { force: true }).catch(() => undefined);
  }
}

let opened = 0;

async function leftIn(directory: string): Promise<readonly { readonly name: string; readonly says: PartialName }[]> {
  const left: { name: string; says: PartialName }[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const says = parsePartialName(name);
    if (says !== undefined && !(await isRunning(says.owner))) left.push({ name, says });
  }
  return left;
}

function keeping(
  file: TemporaryFile,
  found: ResumePoint,
  identity: Pick<PartialName, "key" | "owner" | "serial">,
  clock: Clock,
): PartialFile {
  let last: Pick<PartialName, "kept" | "etag"> = { kept: found.written, etag: found.etag ?? undefined };
  let keptAt = clock.monotonic();
  return {
    ...file,
    found,
    async progress({ written, resumable, etag }) {
      const now = resumable && isKeepable(etag) ? { kept: written, etag } : { kept: 0, etag: undefined };
      const isOther = last.etag !== undefined && last.etag !== now.etag;
      const isDue = Math.abs(now.kept - last.kept) >= KEEP_AFTER_BYTES || clock.monotonic() - keptAt >= KEEP_AFTER_TIME;
      if (now.kept === last.kept || !(isDue || isOther)) return;
      await file.keepAs(formatPartialName({ ...identity, ...now }));
      last = now;
      keptAt = clock.monotonic();
    },
  };
}
