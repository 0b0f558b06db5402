import { isJsonObject, parseJson } from "../base/json.ts";
import { type EntityId, serviceId } from "../bus/entity-id.ts";
import { payloadText, type ReceivedMessage } from "../bus/message.ts";
import { type CommandPayload, isFinal } from "../bus/payload/command.ts";
import { invocationsOf } from "../bus/payload/command-id.ts";
import type { TopicSchema } from "../bus/topic.ts";
import { reasonOf } from "../operations/workflow/transition.ts";
import { seenCommand } from "./command-bus.ts";

export interface WatchedCommand {
  readonly device: EntityId;
  readonly operation: string;
  readonly id: string;
}

/** What is seen on the bus of one command, of the commands below it, and of the agent that is to execute it. */
export interface CommandWatch {
  readonly filters: readonly string[];
  /** The operations of the device. */
  readonly offered: ReadonlySet<string>;
  readonly agentIsDown: boolean;
  readonly state: CommandPayload | undefined;
  readonly ended: Promise<CommandPayload | "cleared">;
  take(message: ReceivedMessage): void;
  /** From now on what is seen of the command is its life. */
  begin(): void;
}

/** `tell` gets a line for each new state. */
export function watchCommand(schema: TopicSchema, command: WatchedCommand, tell: (line: string) => void): CommandWatch {
  const { device, operation, id } = command;
  const topic = schema.topic(device, { kind: "command", operation, id });
  const agent = serviceId(device, "tedge-agent");
  const offered = new Set<string>();
  const ended = Promise.withResolvers<CommandPayload | "cleared">();
  let agentIsDown = false;
  let begun = false;
  let state: CommandPayload | undefined;

  const takeState = (message: ReceivedMessage) => {
    const seen = seenCommand(schema, message);
    if (seen === undefined) return;
    const { payload } = seen;
    if (message.topic !== topic) {
      const above = invocationsOf(seen.id);
      const root = above.at(-1);
      if (!begun || root?.operation !== operation || root.id !== id || payload === undefined) return;
      const chain = [...above.map((invocation) => invocation.operation).reverse(), seen.operation];
      return tell(`${chain.join(" > ")} @ ${stateText(payload)}`);
    }
    if (!begun) {
      state = payload;
      return;
    }
    if (payload === undefined) return ended.resolve("cleared");
    if (payload.status !== state?.status) tell(stateText(payload));
    state = payload;
    if (isFinal(payload)) ended.resolve(payload);
  };

  return {
    filters: [
      schema.topic(device, { kind: "capability", operation: "+" }),
      schema.topic(device, { kind: "command", operation: "+", id: "+" }),
      schema.topic(agent, { kind: "status", component: "health" }),
    ],
    offered,
    get agentIsDown() {
      return agentIsDown;
    },
    get state() {
      return state;
    },
    ended: ended.promise,
    take(message) {
      const channel = schema.parse(message.topic)?.channel;
      if (channel?.kind === "command") return takeState(message);
      if (channel?.kind === "status") agentIsDown = isDown(message);
      if (channel?.kind !== "capability") return;
      if (message.payload.length === 0) offered.delete(channel.operation);
      else offered.add(channel.operation);
    },
    begin() {
      begun = true;
      state = undefined;
    },
  };
}

function stateText(payload: CommandPayload): string {
  const reason = reasonOf(payload);
  return reason === undefined ? payload.status : `${payload.status}: ${reason}`;
}

function isDown(message: ReceivedMessage): boolean {
  const health = parseJson(payloadText(message) ?? "");
  return health.ok && isJsonObject(health.value) && health.value.status === "down";
}
