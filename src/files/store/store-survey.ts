import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isTemporaryName } from "../temporary-file.ts";
import { followLinks } from "./follow-links.ts";
import { footprint } from "./footprint.ts";
import type { RoomLedger } from "./room-ledger.ts";
import { type StoreEntry, walkStore } from "./store-walk.ts";

export interface SurveyOptions {
  readonly root: string;
  readonly ledger: RoomLedger;
  /** Directories that are not counted here. */
  readonly skip: (directory: string) => boolean;
  /** For the name of a temporary file: whether an upload is filling it. */
  readonly isFilling: (name: string) => boolean;
  /** Shown every regular file that counts; may remove it. */
  readonly visit: (file: StoreEntry) => Promise<void>;
  readonly pause?: () => Promise<void>;
}

export interface SurveyReport {
  /** Changes crossed it: what it counted may be off by as much. */
  readonly crossed: boolean;
  /** Temporary files of an earlier process that were removed. */
  readonly leftovers: number;
}

/** Directories outside of the store that are looked through for leftovers, because links lead there. */
const MOST_LINKED = 1_000;

/** Counts what is stored, and removes the temporary files that a crash left in the store and beside the targets of links there. */
export async function surveyStore(options: SurveyOptions): Promise<SurveyReport> {
  const end = options.ledger.beginSurvey();
  const linked = new Set<string>();
  let counted = 0;
  let leftovers = 0;
  for await (const entry of walkStore(options.root, options.skip, options.pause)) {
    if (isLeftover(entry, options)) {
      leftovers += await removeLeftover(entry.path);
    } else if (entry.stats.isSymbolicLink() && linked.size < MOST_LINKED) {
      linked.add(dirname(await followLinks(entry.path).catch(() => entry.path)));
    } else if (entry.stats.isFile() && !isTemporaryName(basename(entry.path))) {
      counted += entry.stats.nlink > 1 ? 0 : footprint(entry.stats.size);
      await options.visit(entry);
    }
  }
  const { crossed } = end(counted);
  for (const directory of linked) leftovers += await sweep(directory, options);
  return { crossed, leftovers };
}

/** Those directly in a directory. */
async function sweep(directory: string, { isFilling }: SurveyOptions): Promise<number> {
  let removed = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    if (isTemporaryName(name) && !isFilling(name)) removed += await removeLeftover(join(directory, name));
  }
  return removed;
}

function isLeftover({ path, stats }: StoreEntry, { isFilling }: SurveyOptions): boolean {
  const name = basename(path);
  return stats.isFile() && isTemporaryName(name) && !isFilling(name);
}

async function removeLeftover(path: string): Promise<number> {
  try {
    await rm(path);
    return 1;
  } catch {
    return 0;
  }
}
