import { sleep } from "../base/clock.ts";
import type { Duration } from "../base/duration.ts";
import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type EntityId, parseEntityId } from "../bus/entity-id.ts";
import { cleared, payloadText, type ReceivedMessage } from "../bus/message.ts";
import { type CommandPayload, parseCommandPayload } from "../bus/payload/command.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import { type TopicSchema, topicSchema } from "../bus/topic.ts";
import { loadConfig } from "../config/load-config.ts";
import { localBroker } from "./local-broker.ts";
import { unlessEnded, type Visit, visitBroker } from "./mqtt-client.ts";
import type { CliContext } from "./outcome.ts";

/** The local bus, for whoever asks for commands or looks at them. */
export interface CommandBus {
  readonly endpoint: BrokerEndpoint;
  readonly schema: TopicSchema;
  /** The device that is meant when none is named. */
  readonly device: EntityId;
}

/** How a command finds the bus. */
export type FindBus = () => Promise<Result<CommandBus>>;

/** The bus that the configuration names. */
export async function localCommandBus(context: CliContext): Promise<Result<CommandBus>> {
  const { configDirectory: directory, environment, log } = context;
  const config = await loadConfig({ directory, environment, warn: (text) => log.warn(text) });
  if (!config.ok) return config;
  const device = parseEntityId(config.value.get("mqtt.device_topic_id"));
  if (!device.ok) return device;
  const endpoint = await localBroker(context);
  if (!endpoint.ok) return endpoint;
  return ok({
    endpoint: endpoint.value,
    schema: topicSchema(config.value.get("mqtt.topic_root")),
    device: device.value,
  });
}

/** `child1` as `device/child1//`; anything with a slash is a topic id. */
export function deviceArgument(text: string): Result<EntityId> {
  return parseEntityId(text.includes("/") ? text : `device/${text}`);
}

/** A command as it stands on the bus. */
export interface SeenCommand {
  readonly topic: string;
  readonly device: EntityId;
  readonly operation: string;
  readonly id: string;
  /** Absent when it was cleared. */
  readonly payload?: CommandPayload;
}

/** Reads a message on the topic of a command; `undefined` for any other, and for what is no state of a command. */
export function seenCommand(schema: TopicSchema, message: ReceivedMessage): SeenCommand | undefined {
  const parsed = schema.parse(message.topic);
  if (parsed?.channel.kind !== "command") return undefined;
  const { operation, id } = parsed.channel;
  const command = { topic: message.topic, device: parsed.entity, operation, id };
  const text = payloadText(message);
  if (text === "") return command;
  const payload = text === undefined ? undefined : parseCommandPayload(text);
  return payload?.ok === true ? { ...command, payload: payload.value } : undefined;
}

/** Milliseconds without a retained message after which all are in. */
export const QUIET = 300;

/** Every command that the broker retains, in the order of device, operation and id. */
export async function readCommands(
  context: CliContext,
  { endpoint, schema }: CommandBus,
  connectionTimeout: Duration,
): Promise<Result<readonly SeenCommand[]>> {
  const found = new Map<string, SeenCommand>();
  let last = context.clock.monotonic();
  const visit = visitBroker(context, {
    endpoint,
    role: "sub",
    subscriptions: [{ filter: `${schema.root}/+/+/+/+/cmd/+/+`, qos: 0 }],
    onMessage(message, acknowledge) {
      acknowledge();
      last = context.clock.monotonic();
      const command = seenCommand(schema, message);
      if (command?.payload === undefined) found.delete(message.topic);
      else found.set(message.topic, command);
    },
    connectionTimeout,
    mustStayConnected: true,
  });
  const quiet = async () => {
    await visit.session.ready(context.signal);
    last = context.clock.monotonic();
    for (let left = QUIET; left > 0; left = QUIET - (context.clock.monotonic() - last)) {
      await sleep(context.clock, left, context.signal);
      if (context.signal.aborted) return;
    }
  };
  const read = await unlessEnded(context, visit, quiet());
  await visit.end();
  if (!read.ok) return read;
  return ok([...found.values()].sort((left, right) => (left.topic < right.topic ? -1 : 1)));
}

/** Takes back what is retained on the topic of a command. */
export async function clearCommand(context: CliContext, visit: Visit, topic: string): Promise<Result<undefined>> {
  const outcome = await unlessEnded(context, visit, visit.session.publish(cleared(topic)));
  if (!outcome.ok) return outcome;
  if (outcome.value === "delivered") return ok();
  return err(fault("not-delivered", `The message was not delivered: ${outcome.value}`));
}

/** The one command that an id or a topic means. */
export function findCommand(commands: readonly SeenCommand[], name: string): Result<SeenCommand> {
  const found = commands.filter(({ topic, id }) => topic === name || id === name);
  const [command, ...others] = found;
  if (command === undefined) return err(fault("unknown-command", `There is no command '${name}' on the bus`));
  if (others.length === 0) return ok(command);
  const topics = found.map(({ topic }) => `\n${topic}`).join("");
  return err(fault("ambiguous", `Several commands have this id, name one by its topic:${topics}`));
}
