import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { ok, type Result } from "../../base/result.ts";
import type { Disk } from "../disk.ts";
import type { Workflow } from "./definition.ts";
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

export function createWorkflowDirectory(directory: string, disk: Disk, log: Log): WorkflowDirectory {
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
    if (!result.ok) log.error(result.fault.message);
    else if (result.value.mistake !== undefined) log.error(result.value.mistake);
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
      return ok([...read].flatMap(([path, { result }]) => (result.ok ? [{ path, workflow: result.value }] : [])));
    },
  };
}
