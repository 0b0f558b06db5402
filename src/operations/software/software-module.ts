import type { JsonObject } from "../../base/json.ts";

/** A piece of software that a plugin lists. */
export interface SoftwareModule {
  readonly name: string;
  readonly version?: string;
}

/** What is to be done with one module. */
export interface ModuleUpdate extends SoftwareModule {
  readonly action: "install" | "remove";
  /** Where its package is fetched from; without it the plugin knows. */
  readonly url?: string;
}

/** The updates of one plugin; `type` is its name or `default`. */
export interface UpdateGroup {
  readonly type: string;
  readonly modules: readonly ModuleUpdate[];
}

/** An update whose package has been fetched, if it has an URL. */
export interface ReadyUpdate extends ModuleUpdate {
  readonly path?: string;
}

/** Name and version, for people. */
export function describeModule({ name, version }: SoftwareModule): string {
  return version === undefined ? name : `${name} ${version}`;
}

/** Something that went wrong in a group. */
export interface UpdateFailure {
  /** Part of the command's reason. */
  readonly text: string;
  /** What it is about, each with a reason of its own; empty when it is about the group. */
  readonly modules: readonly (ModuleUpdate & { readonly reason: string })[];
}

/** An entry of `failures` of a failed software_update (spec/operations §7.2). */
export function failureEntry(type: string, failures: readonly UpdateFailure[]): JsonObject {
  const modules = failures.flatMap((failure) => failure.modules);
  return { type, modules: modules.map(failedModule) };
}

function failedModule({ name, version, url, action, reason }: UpdateFailure["modules"][number]): JsonObject {
  return {
    name,
    ...(version === undefined ? {} : { version }),
    ...(url === undefined ? {} : { url }),
    action,
    reason,
  };
}
