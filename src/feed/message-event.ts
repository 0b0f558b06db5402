import { exhaustive } from "../base/exhaustive.ts";
import { type Json, parseJson } from "../base/json.ts";
import type { Channel } from "../bus/channel.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { type Message, payloadBytes, payloadText } from "../bus/message.ts";
import { parseCommandPayload } from "../bus/payload/command.ts";
import { parseHealth } from "../bus/payload/health.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { EventDocument } from "./event-document.ts";

/** A topic whose messages are events by themselves. */
export interface NewsTopic {
  readonly entity: EntityId;
  readonly channel:
    | { readonly kind: "health" }
    | Extract<Channel, { readonly kind: "command" }>
    | { readonly kind: "alarm"; readonly type: string };
}

/** The health, an alarm or a command of an entity; `undefined` for any other topic. */
export function newsTopic(schema: TopicSchema, topic: string): NewsTopic | undefined {
  const parsed = schema.parse(topic);
  if (parsed === undefined) return undefined;
  const { entity, channel } = parsed;
  switch (channel.kind) {
    case "alarm":
      return { entity, channel: { kind: "alarm", type: channel.type } };
    case "command":
      return { entity, channel };
    case "status":
      return channel.component === "health" ? { entity, channel: { kind: "health" } } : undefined;
    default:
      return undefined;
  }
}

/** The event that a message is, whatever its payload; `time` is RFC 3339. An empty payload clears. */
export function messageEvent({ entity: id, channel }: NewsTopic, message: Message, time: string): EventDocument {
  const content = readContent(message);
  switch (channel.kind) {
    case "health": {
      const common = { id, kind: "health", time } as const;
      if (content === undefined) return { ...common, change: "cleared" };
      return { ...common, change: "reported", status: parseHealth(id, payloadText(message)).status, ...content };
    }
    case "alarm": {
      const change = content === undefined ? "cleared" : "raised";
      return { id, kind: "alarm", time, change, type: channel.type, ...content };
    }
    case "command": {
      const { operation, id: command } = channel;
      const common = { id, kind: "command", time, operation, command } as const;
      if (content === undefined) return { ...common, change: "cleared" };
      return { ...common, change: "state", ...statusOf(message), ...content };
    }
    default:
      return exhaustive(channel);
  }
}

function statusOf(message: Message): { readonly status?: string } {
  const state = parseCommandPayload(payloadText(message) ?? "");
  return state.ok ? { status: state.value.status } : {};
}

/** JSON as such, anything else as text, bytes that are no UTF-8 replaced. */
function readContent(message: Message): { readonly payload: Json } | { readonly text: string } | undefined {
  const bytes = payloadBytes(message);
  if (bytes.length === 0) return undefined;
  const text = payloadText(message);
  if (text === undefined) return { text: new TextDecoder().decode(bytes) };
  const json = parseJson(text);
  return json.ok ? { payload: json.value } : { text };
}
