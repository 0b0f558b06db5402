import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import type { ModuleUpdate, UpdateGroup } from "./software-module.ts";

/** Goes into a line of tab-separated fields. */
const Field = v.pipe(v.string(), v.regex(/^[^\t\n\r\0]*$/, "must be without tabs and line breaks"));
/** Empty counts as absent. */
const OptionalField = v.nullish(Field);

const Module = v.looseObject({
  name: v.pipe(Field, v.nonEmpty("must not be empty")),
  version: OptionalField,
  url: OptionalField,
  action: v.nullish(v.picklist(["install", "remove"], "must be install or remove")),
});

const Request = v.looseObject({
  updateList: v.array(v.looseObject({ type: Field, modules: v.array(Module) })),
});

/** Reads a software_update request; modules without an action are left out. Code `invalid-request` (spec/operations §7.2, §15). */
export function readUpdateRequest(payload: CommandPayload): Result<readonly UpdateGroup[], Fault<"invalid-request">> {
  const parsed = v.safeParse(Request, payload);
  if (!parsed.success) return err(fault("invalid-request", describe(parsed.issues)));
  return ok(parsed.output.updateList.map(({ type, modules }) => ({ type, modules: modules.flatMap(moduleUpdate) })));
}

function moduleUpdate({ name, version, url, action }: v.InferOutput<typeof Module>): ModuleUpdate[] {
  if (action === undefined || action === null) return [];
  return [{ name, action, ...(version ? { version } : {}), ...(url ? { url } : {}) }];
}

function describe([issue]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const path = v.getDotPath(issue);
  return `Invalid software_update request: ${path === null ? "" : `${path}: `}${issue.message}`;
}
