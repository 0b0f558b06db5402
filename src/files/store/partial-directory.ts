import { constants, type Stats } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "../../base/atomic-file.ts";
import { FaultError, toFault } from "../../base/fault.ts";
import { type PartialRecord, readPartialRecord, writePartialRecord } from "./partial-record.ts";
import { openUploadFile, type UploadFile } from "./upload-file.ts";
import type { UploadNames } from "./upload-names.ts";

/** An unfinished upload as it was found on disk. */
export interface FoundPartial {
  readonly id: string;
  readonly record: PartialRecord;
  /** Bytes of the data; `undefined` where it was put under its name. */
  readonly size: number | undefined;
  /** When something last happened to it, milliseconds since the epoch. */
  readonly touched: number;
}

/** The directory with the unfinished uploads: two files for each, its data and what is known of it. All methods throw what the system says. */
export interface PartialDirectory {
  /** Gives what an earlier process left, and removes what is no use. */
  load(): Promise<readonly FoundPartial[]>;
  create(id: string, record: PartialRecord): Promise<void>;
  save(id: string, record: PartialRecord): Promise<void>;
  /** To write behind what is there. */
  append(id: string): Promise<UploadFile>;
  size(id: string): Promise<number>;
  /** Puts the data under its real name, on another file system by way of a copy. */
  move(id: string, target: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export function partialDirectory(directory: string, names: UploadNames): PartialDirectory {
  const dataOf = (id: string) => join(directory, `${id}.data`);
  const recordOf = (id: string) => join(directory, `${id}.json`);

  async function save(id: string, record: PartialRecord): Promise<void> {
    const saved = await writePartialRecord(recordOf(id), record);
    if (!saved.ok) throw new FaultError(saved.fault);
  }

  async function remove(id: string): Promise<void> {
    await rm(recordOf(id), { force: true });
    await rm(dataOf(id), { force: true });
  }

  async function find(id: string): Promise<FoundPartial | undefined> {
    const [record, data, told] = await Promise.all([
      readPartialRecord(recordOf(id)),
      statIfThere(dataOf(id)),
      statIfThere(recordOf(id)),
    ]);
    if (record === undefined || told === undefined) return undefined;
    if (data === undefined && record.state === "open") return undefined;
    return { id, record, size: data?.size, touched: Math.max(told.mtimeMs, data?.mtimeMs ?? 0) };
  }

  return {
    async load() {
      const found: FoundPartial[] = [];
      for (const id of idsAmong(await readdir(directory).catch(() => []))) {
        const partial = await find(id);
        if (partial === undefined) await remove(id).catch(() => undefined);
        else found.push(partial);
      }
      return found;
    },
    async create(id, record) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const data = await openUploadFile(dataOf(id), NEW_DATA);
      await data.seal();
      await save(id, record);
    },
    save,
    append: (id) => openUploadFile(dataOf(id), MORE_DATA),
    size: async (id) => (await stat(dataOf(id))).size,
    async move(id, target) {
      try {
        await rename(dataOf(id), target);
      } catch (thrown) {
        if (toFault(thrown).code !== "EXDEV") throw thrown;
        await copyBeside(dataOf(id), target, names);
        await rm(dataOf(id), { force: true });
      }
    },
    remove,
  };
}

const NEW_DATA = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const MORE_DATA = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;

/** The uploads that files belong to, also temporary ones of a record. */
function idsAmong(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.flatMap((file) => /^([\w-]+)\.(?:data|json)$/.exec(file)?.[1] ?? []));
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  return await stat(path).catch(() => undefined);
}

async function copyBeside(source: string, target: string, names: UploadNames): Promise<void> {
  const name = names.take();
  const copy = join(dirname(target), name);
  try {
    await copyFile(source, copy, constants.COPYFILE_EXCL);
    const file = await openUploadFile(copy, MORE_DATA);
    await file.seal();
    await file.moveTo(target);
    await syncDirectory(dirname(target));
  } catch (thrown) {
    await rm(copy, { force: true }).catch(() => undefined);
    throw thrown;
  } finally {
    names.giveBack(name);
  }
}
