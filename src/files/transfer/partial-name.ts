import { createHash } from "node:crypto";

/** What the name of a download under way says: enough for another process to go on with it when this one is gone. */
export interface PartialName {
  /** The same for each download of one URL to one target. */
  readonly key: string;
  /** The process that fills it. */
  readonly owner: string;
  /** Tells the downloads of one process apart. */
  readonly serial: number;
  /** Bytes from the start that are safe on disk. */
  readonly kept: number;
  /** Strong entity tag of the file that they belong to; `undefined` when it cannot be gone on with. */
  readonly etag: string | undefined;
}

/** Bytes of an entity tag that fit into the name of a file. */
const LONGEST_ETAG = 80;

export function partialKey(url: string, target: string): string {
  return createHash("sha256").update(`${url}\0${target}`).digest("hex").slice(0, 20);
}

/** The name of a file, FAT32 included. */
export function formatPartialName({ key, owner, serial, kept, etag }: PartialName): string {
  return `.tebus-${key}-${owner}-${serial}-${kept}-${etag === undefined ? "" : Buffer.from(etag).toString("hex")}.partial`;
}

/** `undefined` when it is the name of something else. */
export function parsePartialName(name: string): PartialName | undefined {
  const match = /^\.tebus-([0-9a-f]{20})-(\d+\.\d+)-(\d+)-(\d+)-((?:[0-9a-f]{2})*)\.partial$/.exec(name);
  if (match === null) return undefined;
  const [, key = "", owner = "", serial, kept, hex = ""] = match;
  const etag = hex === "" ? undefined : Buffer.from(hex, "hex").toString();
  return { key, owner, serial: Number(serial), kept: Number(kept), etag };
}

/** Whether a tag proves that a file is the same byte for byte, and fits into a name. */
export function isKeepable(etag: string | null): etag is string {
  return etag !== null && /^"[^"]*"$/.test(etag) && Buffer.byteLength(etag) <= LONGEST_ETAG;
}
