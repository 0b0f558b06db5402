import { sleep } from "../base/clock.ts";
import type { Duration } from "../base/duration.ts";
import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Message, QoS } from "../bus/message.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import { isTopicName } from "../bus/topic-filter.ts";
import { qosName, unlessEnded, type Visit, visitBroker } from "./mqtt-client.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface MqttPubArgs {
  readonly topic: string;
  readonly message: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** The message is base64 text of the payload. */
  readonly base64: boolean;
  /** How often it is published, at least once. */
  readonly repeat: number;
  readonly sleep: Duration;
  readonly connectionTimeout: Duration;
}

/** `tedge mqtt pub`: publishes and waits for the acknowledgement (spec/cli-and-config §9.1). */
export async function mqttPub(
  context: CliContext,
  endpoint: () => Promise<Result<BrokerEndpoint>>,
  args: MqttPubArgs,
): Promise<CommandOutcome> {
  if (!isTopicName(args.topic)) return { kind: "usage", text: `Invalid topic name: ${JSON.stringify(args.topic)}` };
  const published = await publish(context, endpoint, args);
  if (published.ok) return { kind: "done" };
  const description = `publish the message "${args.message}" in topic "${args.topic}" with QoS "${qosName(args.qos)}"`;
  return { kind: "failed", description, fault: published.fault };
}

async function publish(
  context: CliContext,
  endpoint: () => Promise<Result<BrokerEndpoint>>,
  args: MqttPubArgs,
): Promise<Result<undefined>> {
  const payload = args.base64 ? decodeBase64(args.message) : ok(new TextEncoder().encode(args.message));
  if (!payload.ok) return payload;
  const broker = await endpoint();
  if (!broker.ok) return broker;
  const visit = visitBroker(context, {
    endpoint: broker.value,
    role: "pub",
    subscriptions: [],
    onMessage: (_message, acknowledge) => acknowledge(),
    connectionTimeout: args.connectionTimeout,
    mustStayConnected: true,
  });
  try {
    const message = { topic: args.topic, payload: payload.value, qos: args.qos, retain: args.retain };
    return await publishAll(context, visit, message, args);
  } finally {
    await visit.end();
  }
}

async function publishAll(
  context: CliContext,
  visit: Visit,
  message: Message,
  args: MqttPubArgs,
): Promise<Result<undefined>> {
  const ready = await unlessEnded(context, visit, visit.session.ready(context.signal));
  if (!ready.ok) return ready;
  for (let count = 0; count < args.repeat; count += 1) {
    if (count > 0) await sleep(context.clock, args.sleep.milliseconds, context.signal);
    const outcome = await unlessEnded(context, visit, visit.session.publish(message));
    if (!outcome.ok) return outcome;
    if (outcome.value !== "delivered") {
      return err(fault("not-delivered", `The message was not delivered: ${outcome.value}`));
    }
  }
  return ok();
}

function decodeBase64(text: string): Result<Uint8Array> {
  const standard = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (!standard.test(text)) return err(fault("invalid-base64", "The message is not base64"));
  return ok(Buffer.from(text, "base64"));
}
