import { join } from "node:path";
import type { Log } from "../../base/log.ts";
import { ok, type Result } from "../../base/result.ts";
import type { Disk } from "../disk.ts";
import { builtinWorkflow } from "./builtin-workflow.ts";
import { BUILTIN_VERSION, type EntityType, type Workflow } from "./definition.ts";
import { createWorkflowDirectory, type FoundWorkflow } from "./workflow-directory.ts";

/** Every workflow that a command can follow: the current one of each operation, and older ones that commands still use (spec/operations §3). */
export interface WorkflowLibrary {
  /** Reads the copies in use. */
  open(): Promise<Result<undefined>>;
  /** Reads the definitions. Gives the operations whose current workflow is new, changed or gone; a fault leaves all as it was. */
  rescan(): Promise<Result<readonly string[]>>;
  /** Operations that a new command can ask for, sorted. */
  operations(): readonly string[];
  current(operation: string): Workflow | undefined;
  find(operation: string, version: string): Workflow | undefined;
  /** Commands still follow a version of this operation. */
  isInUse(operation: string): boolean;
  /**
   * Makes sure that a command in this version can go on after a restart, whatever becomes of the file. The copy stays at least until `settle`,
   * which is to be called once the command is on the board, or will never be.
   */
  keep(workflow: Workflow): Promise<Result<undefined>>;
  settle(workflow: Workflow): void;
  /** Removes the copies that no command needs, asked about each as `<operation>-<version>`. */
  release(isNeeded: (key: string) => boolean): Promise<void>;
}

export interface LibraryOptions {
  /** `<config_dir>/operations` */
  readonly definitions: string;
  /** `<state_dir>/workflows-in-use` */
  readonly copies: string;
  /** Names of the operations that have a built-in implementation. */
  readonly builtins: readonly string[];
  /** Names of operations that no new command can ask for, whatever defines them. */
  readonly disabled?: readonly string[];
  /** Whether a definition with this `type` is meant. */
  readonly accepts: (type: EntityType | undefined) => boolean;
  readonly disk: Disk;
  readonly log: Log;
}

export function versionKey({ operation, version }: { readonly operation: string; readonly version: string }): string {
  return `${operation}-${version}`;
}

export function createLibrary(options: LibraryOptions): WorkflowLibrary {
  const { disk, log } = options;
  const builtin = new Map(options.builtins.map((operation) => [operation, builtinWorkflow(operation)]));
  const inUse = new Map<string, Workflow>();
  const disabled = new Set(options.disabled ?? []);
  const withoutDisabled = (workflows: ReadonlyMap<string, Workflow>) =>
    new Map([...workflows].filter(([operation]) => !disabled.has(operation)));
  let current: ReadonlyMap<string, Workflow> = withoutDisabled(builtin);
  const kept: string[] = [];
  /** Files that were reported to hide another. */
  const told = new Set<string>();
  const definitions = createWorkflowDirectory({ directory: options.definitions, accepts: options.accepts, disk, log });
  const copies = createWorkflowDirectory({ directory: options.copies, accepts: options.accepts, disk, log });
  /** Scans, and changes of the copies, come one after the other. */
  let scanning: Promise<unknown> = Promise.resolve();
  let changing: Promise<unknown> = Promise.resolve();

  const scan = async (): Promise<Result<readonly string[]>> => {
    const found = await definitions.read();
    if (!found.ok) return found;
    const before = current;
    current = withoutDisabled(new Map([...builtin, ...choose(found.value)]));
    const names = new Set([...before.keys(), ...current.keys()]);
    return ok([...names].filter((name) => before.get(name)?.version !== current.get(name)?.version).sort());
  };

  /** The last file wins that names an operation, in the order of their names. */
  const choose = (found: readonly FoundWorkflow[]): ReadonlyMap<string, Workflow> => {
    const chosen = new Map<string, Workflow>();
    for (const { path, workflow } of found) {
      const { operation } = workflow;
      if (chosen.has(operation) && !told.has(path)) {
        log.warn(`${path} replaces another definition of the ${operation} operation`);
        told.add(path);
      }
      chosen.set(operation, workflow);
    }
    return chosen;
  };

  const store = async (workflow: Workflow): Promise<Result<undefined>> => {
    const key = versionKey(workflow);
    if (workflow.source === undefined || inUse.has(key)) return ok();
    const stored = await disk.replace(join(options.copies, `${key}.toml`), workflow.source);
    if (stored.ok) inUse.set(key, workflow);
    return stored;
  };

  const removeCopies = async (isFree: (key: string) => boolean) => {
    for (const key of [...inUse.keys()]) {
      if (!isFree(key)) continue;
      inUse.delete(key);
      const removed = await disk.remove(join(options.copies, `${key}.toml`));
      if (!removed.ok) log.warn("A definition that is not in use any more stays", removed.fault);
    }
  };

  return {
    async open() {
      const found = await copies.read();
      if (!found.ok) return found;
      for (const { workflow } of found.value) inUse.set(versionKey(workflow), workflow);
      return ok();
    },
    rescan() {
      const scanned = scanning.then(scan);
      scanning = scanned;
      return scanned;
    },
    operations: () => [...current.keys()].sort(),
    current: (operation) => current.get(operation),
    find: (operation, version) =>
      version === BUILTIN_VERSION ? builtin.get(operation) : inUse.get(versionKey({ operation, version })),
    isInUse: (operation) => [...inUse.values()].some((workflow) => workflow.operation === operation),
    keep(workflow) {
      kept.push(versionKey(workflow));
      const stored = changing.then(() => store(workflow));
      changing = stored;
      return stored;
    },
    settle(workflow) {
      kept.splice(kept.indexOf(versionKey(workflow)), 1);
    },
    async release(isNeeded) {
      const released = changing.then(() => removeCopies((key) => !kept.includes(key) && !isNeeded(key)));
      changing = released;
      await released;
    },
  };
}
