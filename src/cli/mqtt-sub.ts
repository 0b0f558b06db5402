import type { Duration } from "../base/duration.ts";
import type { Fault } from "../base/fault.ts";
import type { Result } from "../base/result.ts";
import type { QoS, ReceivedMessage } from "../bus/message.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import { isTopicFilter } from "../bus/topic-filter.ts";
import { aborted, qosName, visitBroker } from "./mqtt-client.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface MqttSubArgs {
  readonly filter: string;
  readonly qos: QoS;
  /** Prints payloads without their topics. */
  readonly noTopic: boolean;
  /** Prints payloads as base64. */
  readonly base64: boolean;
  /** Ends after so long. */
  readonly duration?: Duration;
  /** Ends after so many messages. */
  readonly count?: number;
  /** Ends at the first message that is not retained. */
  readonly retainedOnly: boolean;
  readonly connectionTimeout: Duration;
}

/** `tedge mqtt sub`: prints what is published, until a limit is reached or it is interrupted (spec/cli-and-config §9.1). */
export async function mqttSub(
  context: CliContext,
  endpoint: () => Promise<Result<BrokerEndpoint>>,
  args: MqttSubArgs,
): Promise<CommandOutcome> {
  const { filter, qos } = args;
  if (!isTopicFilter(filter)) return { kind: "usage", text: `Invalid topic filter: ${JSON.stringify(filter)}` };
  const failed = (fault: Fault): CommandOutcome => {
    return { kind: "failed", description: `subscribe the topic "${filter}" with QoS "${qosName(qos)}"`, fault };
  };
  const broker = await endpoint();
  if (!broker.ok) return failed(broker.fault);
  const full = Promise.withResolvers<void>();
  const visit = visitBroker(context, {
    endpoint: broker.value,
    role: "sub",
    subscriptions: [{ filter, qos }],
    onMessage: printer(context, args, full.resolve),
    connectionTimeout: args.connectionTimeout,
    mustStayConnected: false,
  });
  const time = args.duration === undefined ? new Promise<void>(() => undefined) : after(context, args.duration);
  const why = await Promise.race([visit.failed, full.promise, time, aborted(context.signal)]);
  await visit.end();
  return why === undefined ? { kind: "done" } : failed(why);
}

function printer(context: CliContext, args: MqttSubArgs, full: () => void) {
  let left = args.count ?? Number.POSITIVE_INFINITY;
  let over = false;
  return (message: ReceivedMessage, acknowledge: () => void) => {
    over ||= args.retainedOnly && !message.retain;
    if (over) return full();
    left -= 1;
    over = left <= 0;
    void Promise.resolve(context.stdout(`${formatMessage(message, args)}\n`)).then(() => {
      acknowledge();
      if (over) full();
    });
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One line: `[topic] payload`; a payload that is not text as base64. */
export function formatMessage(
  { topic, payload }: Pick<ReceivedMessage, "topic" | "payload">,
  { noTopic, base64 }: Pick<MqttSubArgs, "noTopic" | "base64">,
): string {
  const shown = base64 ? toBase64(payload) : (asText(payload) ?? `<ERR=NON-UTF8> ${toBase64(payload)}`);
  return noTopic ? shown : `[${topic}] ${shown}`;
}

function asText(payload: Uint8Array): string | undefined {
  try {
    return utf8.decode(payload);
  } catch {
    return undefined;
  }
}

function toBase64(payload: Uint8Array): string {
  return Buffer.from(payload).toString("base64");
}

function after(context: CliContext, { milliseconds }: Duration): Promise<void> {
  return new Promise((resolve) => {
    context.clock.after(milliseconds, resolve);
  });
}
