import type { Duration } from "../base/duration.ts";
import { stringifyJson } from "../base/json.ts";
import { type FindBus, readCommands, type SeenCommand } from "./command-bus.ts";
import { loggedStates, spanText, timeOfId } from "./command-times.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface OperationListArgs {
  /** Only those of this device. */
  readonly device?: string;
  readonly operation?: string;
  readonly json: boolean;
  readonly connectionTimeout: Duration;
}

/** `tedge operation list`: the commands on the bus, at their end too as long as nobody has cleared them. */
export async function operationList(
  context: CliContext,
  findBus: FindBus,
  args: OperationListArgs,
): Promise<CommandOutcome> {
  const bus = await findBus();
  const commands = bus.ok ? await readCommands(context, bus.value, args.connectionTimeout) : bus;
  if (!commands.ok) return { kind: "failed", description: "list the commands", fault: commands.fault };
  const wanted = commands.value.filter(
    ({ device, operation }) =>
      (args.device === undefined || device === args.device) &&
      (args.operation === undefined || operation === args.operation),
  );
  const now = context.clock.now();
  const listed = await Promise.all(wanted.map(async (command) => ({ command, since: await begin(command) })));
  await context.stdout(args.json ? `${stringifyJson(listed.map(toJson))}\n` : table(listed, now));
  return { kind: "done" };
}

interface Listed {
  readonly command: SeenCommand;
  /** Milliseconds since the epoch at which it was asked for, if that is known here. */
  readonly since: number | undefined;
}

async function begin(command: SeenCommand): Promise<number | undefined> {
  return timeOfId(command.id) ?? (await loggedStates(command))[0]?.since;
}

function toJson({ command, since }: Listed) {
  const { topic, device, operation, id, payload } = command;
  return {
    topic,
    device,
    operation,
    id,
    status: payload?.status ?? "",
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
  };
}

function table(listed: readonly Listed[], now: number): string {
  if (listed.length === 0) return "There are no commands on the bus\n";
  const rows = listed.map(({ command: { device, operation, id, payload }, since }) => {
    return [device, operation, id, payload?.status ?? "", since === undefined ? "-" : spanText(now - since)];
  });
  return columns([["DEVICE", "OPERATION", "ID", "STATE", "AGE"], ...rows]);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
