import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { ok, type Result } from "../../base/result.ts";
import type { Disk } from "../disk.ts";
import type { EntityType, Workflow } from "./definition.ts";
import { parseWorkflowFile } from "./workflow-file.ts";

/** A directory with workflow definitions: its `*.toml` files, not those of directories below. */
export interface WorkflowDirectory {
  /** The definitions that can be used, in the order of their file names. Files that cannot are told once. */
  read(): Promise<Result<readonly FoundWorkflow[]>>;
}

export interface FoundWorkflow {
  readonly path: string;
  readonly workflow: Workflow;
}

interface ParsedFile {
  readonly source: Uint8Array;
  readonly result: Result<Workflow>;
}

export interface WorkflowDirectoryOptions {
  readonly directory: string;
  /** Whether a definition with this `type` is meant; of a file that cannot be read it is unknown. Others are passed over in silence. */
  readonly accepts: (type: EntityType | undefined) => boolean;
  readonly disk: Disk;
  readonly log: Log;
}

export function createWorkflowDirectory({
  directory,
  accepts,
  disk,
  log,
}: WorkflowDirectoryOptions): WorkflowDirectory {
  let known: ReadonlyMap<string, ParsedFile> = new Map();

  /** A file that did not change is not parsed again; one that cannot be read just now stays what it was. */
  const readFile = async (path: string): Promise<ParsedFile | undefined> => {
    const before = known.get(path);
    const source = await disk.read(path);
    if (!source.ok) {
      log.error("A workflow definition cannot be read", source.fault);
      return source.fault.code === "not-found" ? undefined : before;
    }
    if (before !== undefined && Buffer.compare(before.source, source.value) === 0) return before;
    const result = parseWorkflowFile(path, source.value);
    const mistake = result.ok ? result.value.mistake : result.fault.message;
    if (mistake !== undefined && accepts(result.ok ? result.value.type : undefined)) log.error(mistake);
    return { source: source.value, result };
  };

  return {
    async read() {
      const files = await disk.list(directory, (name) => name.endsWith(".toml"));
      if (!files.ok) return files.fault.code === "not-found" ? ok([]) : files;
      const read = new Map<string, ParsedFile>();
      for (const { name } of files.value) {
        const path = join(directory, name);
        const file = await readFile(path);
        if (file !== undefined) read.set(path, file);
      }
      known = read;
      const found = [...read].flatMap(([path, { result }]) => (result.ok ? [{ path, workflow: result.value }] : []));
      return ok(found.filter(({ workflow }) => accepts(workflow.type)));
    },
  };
}
