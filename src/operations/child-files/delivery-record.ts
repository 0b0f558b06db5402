import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { fileFault, replaceFile } from "../../base/atomic-file.ts";
import { fault } from "../../base/fault.ts";
import { isJsonObject, parseJson, stringifyJson } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type CommandPayload, parseCommandPayload } from "../../bus/payload/command.ts";

/** A file that is served to a device for one command. */
export interface ExposedFile {
  /** Below the file transfer service. */
  readonly path: string;
  readonly url: string;
  readonly sha256?: string;
}

/** What a restart needs to know of one command whose files are served. */
export interface DeliveryRecord {
  /** Of the command. */
  readonly topic: string;
  /** The request as it was asked. */
  readonly payload: CommandPayload;
  readonly files: readonly ExposedFile[];
  /** The device may have been told. */
  readonly isMarked: boolean;
}

/** The records on disk, each as a file of its own: one that changes costs no writing of the others. */
export interface DeliveryRecords {
  /** Makes the directory and reads all; what cannot be understood is removed and told. */
  load(): Promise<Result<readonly DeliveryRecord[]>>;
  save(record: DeliveryRecord): Promise<Result<undefined>>;
  remove(topic: string): Promise<Result<undefined>>;
}

const Shape = v.object({
  topic: v.string(),
  payload: v.string(),
  files: v.array(v.object({ path: v.string(), url: v.string(), sha256: v.optional(v.string()) })),
  isMarked: v.boolean(),
});

export function createDeliveryRecords(directory: string, log: Log): DeliveryRecords {
  const pathOf = (topic: string) => join(directory, `${createHash("sha256").update(topic).digest("hex")}.json`);
  return {
    async load() {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 });
        const records: DeliveryRecord[] = [];
        for (const name of await readdir(directory)) {
          const path = join(directory, name);
          const record = name.endsWith(".json") ? parseRecord(await readFile(path, "utf8")) : undefined;
          if (record !== undefined && pathOf(record.topic) === path) {
            records.push(record);
            continue;
          }
          log.warn(`Removed ${path}, which is no record of files for a device`);
          await rm(path, { force: true, recursive: true });
        }
        return ok(records);
      } catch (thrown) {
        return err(fileFault(`Cannot read ${directory}`, thrown));
      }
    },
    save: (record) => replaceFile(pathOf(record.topic), formatRecord(record), { mode: 0o600 }),
    async remove(topic) {
      try {
        await rm(pathOf(topic), { force: true });
        return ok();
      } catch (thrown) {
        return err(fileFault(`Cannot remove ${pathOf(topic)}`, thrown));
      }
    },
  };
}

/** The payload stays a text, so that its numbers keep their spelling. */
export function formatRecord({ topic, payload, files, isMarked }: DeliveryRecord): string {
  return `${JSON.stringify({ topic, payload: stringifyJson(payload), files, isMarked })}\n`;
}

export function parseRecord(text: string): DeliveryRecord | undefined {
  const json = parseJson(text);
  const shape = json.ok && isJsonObject(json.value) ? v.safeParse(Shape, json.value) : undefined;
  const payload = shape?.success === true ? parseCommandPayload(shape.output.payload) : err(fault("no-record", ""));
  if (shape?.success !== true || !payload.ok) return undefined;
  const files = shape.output.files.map(({ path, url, sha256 }) => ({
    path,
    url,
    ...(sha256 === undefined ? {} : { sha256 }),
  }));
  return { ...shape.output, files, payload: payload.value };
}
