import type { Duration } from "../base/duration.ts";
import { stringifyJson } from "../base/json.ts";
import { isFinal } from "../bus/payload/command.ts";
import { type FindBus, findCommand, readCommands, type SeenCommand } from "./command-bus.ts";
import { loggedStates, spanText, type TimedState } from "./command-times.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface OperationShowArgs {
  /** Id or topic. */
  readonly command: string;
  readonly json: boolean;
  readonly connectionTimeout: Duration;
}

/** `tedge operation show`: the payload of a command, the states it went through if its log is on this machine, and where the log is. */
export async function operationShow(
  context: CliContext,
  findBus: FindBus,
  args: OperationShowArgs,
): Promise<CommandOutcome> {
  const bus = await findBus();
  const commands = bus.ok ? await readCommands(context, bus.value, args.connectionTimeout) : bus;
  const command = commands.ok ? findCommand(commands.value, args.command) : commands;
  if (!command.ok) return { kind: "failed", description: `show the command ${args.command}`, fault: command.fault };
  const states = durations(await loggedStates(command.value), command.value, context.clock.now());
  const shown = args.json ? `${stringifyJson(toJson(command.value, states))}\n` : toText(command.value, states);
  await context.stdout(shown);
  return { kind: "done" };
}

interface SpentState extends TimedState {
  /** Milliseconds. */
  readonly spent?: number;
}

/** The time until the next state of the same command; an end has none, and what goes on has it up to now. */
function durations(states: readonly TimedState[], { payload }: SeenCommand, now: number): readonly SpentState[] {
  return states.map((state, index) => {
    const next = states.slice(index + 1).find(({ chain }) => chain === state.chain);
    if (next !== undefined) return { ...state, spent: next.since - state.since };
    const isOver =
      payload === undefined || isFinal(payload) || state.state === "successful" || state.state === "failed";
    return isOver ? state : { ...state, spent: now - state.since };
  });
}

function toJson(
  { topic, device, operation, id, payload = { status: "" } }: SeenCommand,
  states: readonly SpentState[],
) {
  return {
    topic,
    device,
    operation,
    id,
    payload,
    states: states.map(({ chain, state, since, spent }) => {
      return {
        operation: chain,
        state,
        since: new Date(since).toISOString(),
        ...(spent === undefined ? {} : { spent }),
      };
    }),
  };
}

function toText({ topic, device, operation, id, payload }: SeenCommand, states: readonly SpentState[]): string {
  const logPath = payload?.logPath;
  const head = [
    `Topic:      ${topic}`,
    `Device:     ${device}`,
    `Operation:  ${operation}`,
    `Id:         ${id}`,
    `State:      ${payload?.status ?? ""}`,
    ...(typeof payload?.reason === "string" ? [`Reason:     ${payload.reason}`] : []),
    ...(typeof logPath === "string" ? [`Log:        ${logPath}`] : []),
  ];
  const times = states.map(({ chain, state, since, spent }) => {
    const duration = spent === undefined ? "" : `  ${spanText(spent)}`;
    return `  ${new Date(since).toISOString()}  ${chain === operation ? "" : `${chain} @ `}${state}${duration}`;
  });
  const sections = [
    head,
    ...(times.length === 0 ? [] : [["", "States:", ...times]]),
    ["", "Payload:", ...JSON.stringify(payload, null, 2).split("\n")],
  ];
  return `${sections.flat().join("\n")}\n`;
}
