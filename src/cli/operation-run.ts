import { sleep } from "../base/clock.ts";
import type { Duration } from "../base/duration.ts";
import { type Fault, fault } from "../base/fault.ts";
import { type JsonObject, stringifyJson } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { retained } from "../bus/message.ts";
import { type CommandPayload, formatCommandPayload, INIT, SUCCESSFUL } from "../bus/payload/command.ts";
import { timedCommandId } from "../bus/payload/command-id.ts";
import { isTopicName } from "../bus/topic-filter.ts";
import { isOperationName } from "../operations/command.ts";
import { reasonOf } from "../operations/workflow/transition.ts";
import { clearCommand, type FindBus, QUIET } from "./command-bus.ts";
import { spanText } from "./command-times.ts";
import { type CommandWatch, watchCommand } from "./command-watch.ts";
import { unlessEnded, type Visit, visitBroker } from "./mqtt-client.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface OperationRunArgs {
  readonly operation: string;
  /** Default: the device of the configuration. */
  readonly device?: EntityId;
  /** What the request holds besides its status. */
  readonly input: JsonObject;
  readonly id?: string;
  /** Tell each state as it comes. */
  readonly follow: boolean;
  /** Leave the command on the bus. */
  readonly keep: boolean;
  readonly json: boolean;
  /** Without it, the end is waited for however long it takes. */
  readonly timeout?: Duration;
  readonly connectionTimeout: Duration;
}

/** Exit codes besides 0 for success, 1 for a command that could not be followed, and 2 for wrong usage. */
const FAILED_EXIT = 3;
const TIMEOUT_EXIT = 4;

/** Milliseconds after which somebody who waits is told that no agent has reacted. */
const PATIENCE = 5_000;

/**
 * `tedge operation run`: asks for an operation and waits for its end, which goes to standard output; exit 0 for success, 3 for failure, 4 when
 * the time is over. What it asked for is taken back when it ends, whatever made it end.
 */
export async function operationRun(
  context: CliContext,
  findBus: FindBus,
  args: OperationRunArgs,
): Promise<CommandOutcome> {
  const bus = await findBus();
  if (!bus.ok) return failed(args, bus.fault);
  const { endpoint, schema } = bus.value;
  const device = args.device ?? bus.value.device;
  const id = args.id ?? timedCommandId("local", context.clock.now());
  const { operation } = args;
  const topic = schema.topic(device, { kind: "command", operation, id });
  if (!isOperationName(operation) || !isOperationName(id) || !isTopicName(topic) || id.startsWith("sub:")) {
    return { kind: "usage", text: `'${operation}' with id '${id}' makes no topic of a command` };
  }
  const begin = context.clock.monotonic();
  const watch = watchCommand(schema, { device, operation, id }, (line) => {
    if (args.follow) context.stderr(`${spanText(context.clock.monotonic() - begin).padStart(8)}  ${line}\n`);
  });
  const visit = visitBroker(context, {
    endpoint,
    role: "pub",
    subscriptions: watch.filters.map((filter) => ({ filter, qos: 1 })),
    onMessage(message, acknowledge) {
      acknowledge();
      watch.take(message);
    },
    connectionTimeout: args.connectionTimeout,
    mustStayConnected: true,
  });
  try {
    const asked = await ask(context, visit, { ...args, topic, device, watch });
    if (!asked.ok) return failed(args, asked.fault);
    return await follow(context, visit, { ...args, topic, watch });
  } finally {
    await visit.end();
  }
}

interface Asking extends Pick<OperationRunArgs, "operation" | "input"> {
  readonly topic: string;
  readonly device: EntityId;
  readonly watch: CommandWatch;
}

/** Publishes the request, unless it is known that nobody will answer it. */
async function ask(
  context: CliContext,
  visit: Visit,
  { operation, input, topic, device, watch }: Asking,
): Promise<Result<undefined>> {
  const seen = await unlessEnded(
    context,
    visit,
    visit.session.ready(context.signal).then(() => sleep(context.clock, QUIET, context.signal)),
  );
  if (!seen.ok) return seen;
  if (watch.state !== undefined) {
    const what = `There is already a command on ${topic}, which is ${watch.state.status}`;
    return err(fault("taken", `${what}: end it by \`tedge operation cancel ${topic}\`, or choose another --id`));
  }
  if (!watch.offered.has(operation)) {
    const offers = [...watch.offered].sort().join(", ");
    const what = `${device} does not offer the operation ${operation}`;
    return err(
      fault("not-offered", offers === "" ? `${what}, nor any other: is its agent running?` : `${what}, but ${offers}`),
    );
  }
  if (watch.agentIsDown) return err(fault("agent-down", `The agent of ${device} is down`));
  watch.begin();
  const request = formatCommandPayload({ ...input, status: INIT });
  const outcome = await unlessEnded(context, visit, visit.session.publish(retained(topic, request)));
  if (!outcome.ok) return outcome;
  return outcome.value === "delivered"
    ? ok()
    : err(fault("not-delivered", `The request was not delivered: ${outcome.value}`));
}

type Following = OperationRunArgs & Pick<Asking, "topic" | "watch">;

async function follow(context: CliContext, visit: Visit, args: Following): Promise<CommandOutcome> {
  const { watch, topic, timeout } = args;
  const over = new AbortController();
  const ends: Promise<CommandPayload | "cleared" | "timeout">[] = [watch.ended];
  if (timeout !== undefined) ends.push(after(context, timeout.milliseconds, over.signal).then(() => "timeout"));
  void after(context, PATIENCE, over.signal).then(() => {
    if (!over.signal.aborted && watch.state?.status === INIT) {
      context.stderr(`No agent has reacted yet. \`tedge operation cancel ${topic}\` takes the request back.\n`);
    }
  });
  const end = await unlessEnded(context, visit, Promise.race(ends));
  over.abort();
  if (!args.keep && !(end.ok && end.value === "cleared")) await takeBack(context, visit, topic);
  if (!end.ok) return failed(args, end.fault);
  if (end.value === "cleared") return failed(args, fault("cleared", "Somebody took the command back"), FAILED_EXIT);
  if (end.value === "timeout") {
    const message = `It did not end within ${timeout?.text}, the last state was ${watch.state?.status ?? INIT}`;
    return failed(args, fault("timeout", message), TIMEOUT_EXIT);
  }
  const payload = end.value;
  await context.stdout(`${args.json ? stringifyJson(payload) : JSON.stringify(payload, null, 2)}\n`);
  if (payload.status === SUCCESSFUL) return { kind: "done" };
  return failed(args, fault("failed", reasonOf(payload) ?? "No reason was given"), FAILED_EXIT);
}

/** Also for somebody who does not want to wait any more: what was asked for must not go on unseen. */
async function takeBack(context: CliContext, visit: Visit, topic: string): Promise<void> {
  const patient = { ...context, signal: new AbortController().signal };
  const late = sleep(context.clock, TAKE_BACK_LIMIT).then(() => err(fault("timeout", "no answer")));
  const cleared = await Promise.race([clearCommand(patient, visit, topic), late]);
  if (!cleared.ok) context.stderr(`The command stays on ${topic}: ${cleared.fault.message}\n`);
}

const TAKE_BACK_LIMIT = 2_000;

function after(context: CliContext, milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleep(context.clock, milliseconds, signal);
}

function failed({ operation }: Pick<OperationRunArgs, "operation">, why: Fault, exit?: number): CommandOutcome {
  const description = `run the operation ${operation}`;
  return { kind: "failed", description, fault: why, ...(exit === undefined ? {} : { exit }) };
}
