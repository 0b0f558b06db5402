import { sleep } from "../base/clock.ts";
import type { Duration } from "../base/duration.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import {
  type CommandBus,
  clearCommand,
  type FindBus,
  findCommand,
  QUIET,
  readCommands,
  seenCommand,
} from "./command-bus.ts";
import { unlessEnded, visitBroker } from "./mqtt-client.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface OperationCancelArgs {
  /** Id or topic. */
  readonly command: string;
  readonly connectionTimeout: Duration;
}

/** `tedge operation cancel`: clears a command, upon which the agent ends what it runs for it, and makes sure that it stays cleared. */
export async function operationCancel(
  context: CliContext,
  findBus: FindBus,
  args: OperationCancelArgs,
): Promise<CommandOutcome> {
  const failed = (why: Fault): CommandOutcome => {
    return { kind: "failed", description: `cancel the command ${args.command}`, fault: why };
  };
  const bus = await findBus();
  if (!bus.ok) return failed(bus.fault);
  const commands = await readCommands(context, bus.value, args.connectionTimeout);
  const command = commands.ok ? findCommand(commands.value, args.command) : commands;
  if (!command.ok) return failed(command.fault);
  const { topic, payload } = command.value;
  const gone = await clear(context, bus.value, topic, args.connectionTimeout);
  if (!gone.ok) return failed(gone.fault);
  await context.stdout(`${topic} cleared, it was ${payload?.status ?? ""}\n`);
  return { kind: "done" };
}

/** An agent of before may publish a state that it was about to; what an agent of tebus had on its way, it takes back itself. */
const SETTLE = 3 * QUIET;

async function clear(
  context: CliContext,
  { endpoint, schema }: CommandBus,
  topic: string,
  connectionTimeout: Duration,
): Promise<Result<undefined>> {
  let status: string | undefined;
  const visit = visitBroker(context, {
    endpoint,
    role: "pub",
    subscriptions: [{ filter: topic, qos: 1 }],
    onMessage(message, acknowledge) {
      acknowledge();
      status = seenCommand(schema, message)?.payload?.status;
    },
    connectionTimeout,
    mustStayConnected: true,
  });
  try {
    const ready = await unlessEnded(context, visit, visit.session.ready(context.signal));
    if (!ready.ok) return ready;
    const cleared = await clearCommand(context, visit, topic);
    if (!cleared.ok) return cleared;
    const settled = await unlessEnded(context, visit, sleep(context.clock, SETTLE, context.signal));
    if (!settled.ok) return settled;
    if (status === undefined) return ok();
    return err(fault("came-back", `Its agent goes on with it: it is ${status}`));
  } finally {
    await visit.end();
  }
}
