import { readFile } from "node:fs/promises";
import { fault, toFault } from "../base/fault.ts";
import { err, type Result } from "../base/result.ts";
import type { Workflow } from "../operations/workflow/definition.ts";
import { parseWorkflowFile } from "../operations/workflow/workflow-file.ts";

/** A definition that the agent would use as it is. */
export async function readSoundWorkflow(path: string): Promise<Result<Workflow>> {
  const parsed = await readWorkflow(path);
  const mistake = parsed.ok ? parsed.value.mistake : undefined;
  return mistake === undefined ? parsed : err(fault("ill-formed", mistake));
}

/** What the agent would make of a definition file. */
export async function readWorkflow(path: string): Promise<Result<Workflow>> {
  try {
    return parseWorkflowFile(path, await readFile(path));
  } catch (thrown) {
    return err(toFault(thrown));
  }
}
