import { constants } from "node:fs";
import { chmod, chown, type FileHandle, mkdir, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, normalize } from "node:path";
import { findGroup, findUser } from "../base/account.ts";
import { fileFault, syncDirectory } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { CommandOutcome } from "./outcome.ts";

/** Modes are octal text, owners are names (spec/cli-and-config §10.2). */
export interface TedgeWriteArgs {
  readonly destination: string;
  readonly createDirsOnly: boolean;
  readonly file: Ownership;
  readonly parent: Ownership;
}

export interface Ownership {
  readonly mode?: string;
  readonly user?: string;
  readonly group?: string;
}

export interface TedgeWriteContext {
  readonly clock: Clock;
  readonly stdin: AsyncIterable<Uint8Array>;
}

/** Copies standard input to a file atomically; a program that may not write there itself runs it by `sudo`. */
export async function tedgeWrite(context: TedgeWriteContext, args: TedgeWriteArgs): Promise<CommandOutcome> {
  const done = await write(context, args);
  if (done.ok) return { kind: "done" };
  return { kind: "failed", description: `write to destination file '${args.destination}'`, fault: done.fault };
}

async function write(context: TedgeWriteContext, args: TedgeWriteArgs): Promise<Result<undefined>> {
  const { destination } = args;
  const named = checkDestination(destination);
  if (!named.ok) return named;
  const file = await resolveOwnership(args.file, context.clock);
  if (!file.ok) return file;
  const parent = await resolveOwnership(args.parent, context.clock);
  if (!parent.ok) return parent;
  return args.createDirsOnly
    ? createDirectory(destination, parent.value)
    : replaceStreaming(destination, file.value, context.stdin);
}

/** Purely lexical: no link is looked at. */
function checkDestination(path: string): Result<undefined> {
  if (!isAbsolute(path)) return err(fault("not-absolute", "Destination path has to be absolute"));
  if (normalize(path) !== path || (path.endsWith("/") && path !== "/")) {
    return err(fault("not-canonical", `Destination path ${path} is not canonical`));
  }
  return ok();
}

interface NumericOwnership {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

async function resolveOwnership(names: Ownership, clock: Clock): Promise<Result<NumericOwnership>> {
  const { mode, user, group } = names;
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) return err(fault("invalid-mode", `invalid mode: ${mode}`));
  const account = user === undefined ? undefined : await findUser(user, clock);
  if (user !== undefined && account === undefined) return err(fault("no-such-user", `no such user: '${user}'`));
  const gid = group === undefined ? undefined : await findGroup(group, clock);
  if (group !== undefined && gid === undefined) return err(fault("no-such-group", `no such group: '${group}'`));
  return ok({
    ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    ...(account === undefined ? {} : { uid: account.uid }),
    ...(gid === undefined ? {} : { gid }),
  });
}

/** Streams, so that a file larger than the memory can be written; the destination appears, or changes, whole, and a link stays one. */
async function replaceStreaming(
  destination: string,
  ownership: NumericOwnership,
  content: AsyncIterable<Uint8Array>,
): Promise<Result<undefined, Fault>> {
  const path = await realpath(destination).catch(() => destination);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const existing = await stat(path).catch(() => undefined);
    const target =
      existing === undefined ? ownership : { mode: existing.mode & 0o7777, uid: existing.uid, gid: existing.gid };
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await fill(file, content, target);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
    return ok();
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    return err(fileFault(`Cannot write ${destination}`, thrown));
  }
}

async function fill(file: FileHandle, content: AsyncIterable<Uint8Array>, target: NumericOwnership): Promise<void> {
  try {
    for await (const chunk of content) await file.writeFile(chunk);
    const created = await file.stat();
    await own(created, target, (uid, gid) => file.chown(uid, gid));
    await file.chmod(target.mode ?? 0o644);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What is there already stays as it is. */
async function createDirectory(destination: string, ownership: NumericOwnership): Promise<Result<undefined>> {
  try {
    const first = await mkdir(destination, { recursive: true });
    if (first === undefined) return ok();
    for (let made = destination; made.length >= first.length; made = dirname(made)) await chmod(made, 0o755);
    await own(await stat(destination), ownership, (uid, gid) => chown(destination, uid, gid));
    if (ownership.mode !== undefined) await chmod(destination, ownership.mode);
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot create ${destination}`, thrown));
  }
}

/** Before the mode, because giving a file away takes its set-uid bits. */
async function own(
  present: { readonly uid: number; readonly gid: number },
  wanted: NumericOwnership,
  give: (uid: number, gid: number) => Promise<void>,
): Promise<void> {
  const uid = wanted.uid ?? present.uid;
  const gid = wanted.gid ?? present.gid;
  if (uid !== present.uid || gid !== present.gid) await give(uid, gid);
}
