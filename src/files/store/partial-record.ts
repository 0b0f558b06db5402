import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { replaceFile } from "../../base/atomic-file.ts";
import type { Fault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";

const tags = v.union([v.literal("*"), v.pipe(v.array(v.string()), v.readonly())]);

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const recordSchema = v.object({
  /** As the client wrote it, decoded. */
  path: v.string(),
  /** Bytes of the whole content, once the client has told. */
  length: v.optional(count),
  condition: v.optional(v.object({ match: v.optional(tags), noneMatch: v.optional(tags) })),
  /**
   * `open`: takes more. `storing`: all of it is there, and about to be put under its name: where the data is gone, that was done.
   * `stored`: kept for a client that did not get the answer.
   */
  state: v.picklist(["open", "storing", "stored"]),
});

/** What is known of an upload in several requests, as it is on disk. */
export type PartialRecord = v.InferOutput<typeof recordSchema>;

/** `undefined` for a file that is not there or that tebus did not write. */
export async function readPartialRecord(path: string): Promise<PartialRecord | undefined> {
  try {
    const parsed = v.safeParse(recordSchema, JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

export async function writePartialRecord(path: string, record: PartialRecord): Promise<Result<undefined, Fault>> {
  return await replaceFile(path, JSON.stringify(record), { mode: 0o600 });
}
