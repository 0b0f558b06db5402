import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { exec } from "../base/exec.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { type JsonObject, stringifyJson } from "../base/json.ts";
import { MAIN_DEVICE } from "../bus/entity-id.ts";
import { INIT, SUCCESSFUL } from "../bus/payload/command.ts";
import { topicSchema } from "../bus/topic.ts";
import type { Outcomes } from "../operations/dry-run/outcomes.ts";
import type { RehearsalEvent } from "../operations/dry-run/rehearsal-event.ts";
import { type RehearsalEnd, rehearse } from "../operations/dry-run/rehearse.ts";
import { describeAction } from "../operations/workflow/action-description.ts";
import { formatCommandLine } from "../operations/workflow/command-line.ts";
import type { Workflow } from "../operations/workflow/definition.ts";
import { reasonOf } from "../operations/workflow/transition.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";
import { readSoundWorkflow, readWorkflow } from "./read-workflow.ts";

export interface WorkflowTestArgs {
  readonly file: string;
  /** What the request holds besides its status. */
  readonly request: JsonObject;
  readonly outcomes: Outcomes;
  /** Really run scripts, except those in the background. */
  readonly exec: boolean;
  readonly json: boolean;
  /** States to go through at most. */
  readonly limit: number;
}

/** Exit codes besides 0 for a command that ends successfully, and 1 for a definition that cannot be used. */
const FAILED_EXIT = 3;
const ENDLESS_EXIT = 4;

/** `tedge workflow test`: goes through a workflow without doing anything; exit 0: it ends in success, 3: in failure, 4: not at all. */
export async function workflowTest(context: CliContext, args: WorkflowTestArgs): Promise<CommandOutcome> {
  const workflow = await readSoundWorkflow(args.file);
  if (!workflow.ok) return { kind: "failed", description: `test ${args.file}`, fault: workflow.fault };
  const { operation } = workflow.value;
  const schema = topicSchema("te");
  const device = MAIN_DEVICE;
  const id = "test";
  const topic = schema.topic(device, { kind: "command", operation, id });
  const end = await rehearse(
    {
      address: { topic, root: schema.root, device, operation, id },
      payload: { ...args.request, "@version": workflow.value.version, status: INIT },
    },
    workflow.value,
    {
      schema,
      device,
      workflows: await siblings(args.file, workflow.value),
      outcomes: args.outcomes,
      ...(args.exec ? { exec } : {}),
      clock: context.clock,
      limit: args.limit,
      tell: (event) => void context.stdout(args.json ? `${stringifyJson(eventJson(event))}\n` : eventText(event)),
      signal: context.signal,
    },
  );
  await context.stdout(args.json ? `${stringifyJson({ ...end })}\n` : endText(end));
  return { kind: "done", exit: exitOf(end) };
}

/** The definitions beside the file: those that a sub-operation would follow. */
async function siblings(path: string, own: Workflow): Promise<ReadonlyMap<string, Workflow>> {
  const directory = dirname(path);
  const found = new Map<string, Workflow>();
  for (const name of (await readdir(directory)).filter((one) => one.endsWith(".toml")).sort()) {
    const workflow = await readWorkflow(join(directory, name));
    if (workflow.ok) found.set(workflow.value.operation, workflow.value);
  }
  return found.set(own.operation, own);
}

function eventText(event: RehearsalEvent): string {
  switch (event.kind) {
    case "state": {
      const { chain, payload, workflow } = event;
      const action = workflow.states.get(payload.status);
      const does = action === undefined ? "" : `  ${describeAction(action)}`;
      const reason = reasonOf(payload);
      return `${chain} @ ${payload.status}${does}\n${reason === undefined ? "" : `    reason: ${reason}\n`}`;
    }
    case "program":
      return `    $ ${formatCommandLine(event.command)}  (${event.exit ?? "in the background, not run"})\n`;
    case "note":
      return `    ${event.text}\n`;
    default:
      return exhaustive(event);
  }
}

function eventJson(event: RehearsalEvent) {
  switch (event.kind) {
    case "state": {
      const { chain, payload, workflow } = event;
      const action = workflow.states.get(payload.status);
      return {
        kind: "state",
        operation: chain,
        payload,
        ...(action === undefined ? {} : { action: describeAction(action) }),
      };
    }
    case "program":
    case "note": {
      const { chain, ...rest } = event;
      return { operation: chain, ...rest };
    }
    default:
      return exhaustive(event);
  }
}

function endText(end: RehearsalEnd): string {
  switch (end.kind) {
    case "ended":
      return `\n${JSON.stringify(end.payload, null, 2)}\n`;
    case "endless":
      return "\nStopped: it goes round in circles, or takes more states than --max-states\n";
    case "interrupted":
      return "\nInterrupted\n";
    default:
      return exhaustive(end);
  }
}

function exitOf(end: RehearsalEnd): number {
  if (end.kind === "interrupted") return 1;
  if (end.kind === "endless") return ENDLESS_EXIT;
  return end.payload.status === SUCCESSFUL ? 0 : FAILED_EXIT;
}
