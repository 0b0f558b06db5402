import { err, ok, type Result } from "../base/result.ts";
import { type Channel, parseChannel } from "../bus/channel.ts";
import { type EntityId, LONGEST_ID } from "../bus/entity-id.ts";
import { payloadBytes, payloadText, type ReceivedMessage } from "../bus/message.ts";
import { parseConfigDocument } from "../bus/payload/config-document.ts";
import { parseRegistration } from "../bus/payload/registration.ts";
import { isTwinKey, parseTwinValue, twinKeyFault } from "../bus/payload/twin.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Delivery } from "./arrival.ts";
import type { DataContent } from "./early-data.ts";
import type { DataInput, RegistryInput } from "./registry-input.ts";

/** What a message means to the registry, and what was wrong with it, as a text for people; malformed data still have a source. */
export interface Reading {
  readonly input?: RegistryInput;
  readonly flaw?: string;
}

/** Where a message belongs: its entity, the rest of the topic with its slash, and what that means, if anything. */
export interface MessageTopic {
  readonly id: EntityId;
  readonly suffix: string;
  readonly channel: Channel | undefined;
}

/** Reads a message of an entity, once. */
export function readMessage(
  { id, suffix, channel }: MessageTopic,
  message: ReceivedMessage,
  delivery: Delivery,
): Reading {
  if (id.length > LONGEST_ID) return { flaw: `An entity topic identifier has at most ${LONGEST_ID} characters` };
  if (channel?.kind === "registration") return readRegistrationMessage(id, message, delivery);
  const content = channel === undefined ? undefined : readContent(channel, message);
  const input: DataInput = {
    kind: "data",
    id,
    suffix,
    delivery,
    isEmpty: payloadBytes(message).length === 0,
    registers: channel !== undefined && REGISTERING.has(channel.kind),
    ...(content?.ok ? { content: content.value } : {}),
  };
  return { input, ...(content?.ok === false ? { flaw: content.fault } : {}) };
}

/** `undefined` for a topic of fewer than four segments, or of another root. */
export function readTopic({ root }: TopicSchema, topic: string): MessageTopic | undefined {
  if (!topic.startsWith(root) || topic[root.length] !== "/") return undefined;
  const begin = root.length + 1;
  let end = begin - 1;
  for (let segment = 0; segment < SEGMENTS; segment += 1) {
    if (end === topic.length) return undefined;
    const slash = topic.indexOf("/", end + 1);
    end = slash === -1 ? topic.length : slash;
  }
  const suffix = topic.slice(end);
  return { id: topic.slice(begin, end) as EntityId, suffix, channel: parseChannel(suffix.split("/").slice(1)) };
}

function readRegistrationMessage(id: EntityId, message: ReceivedMessage, delivery: Delivery): Reading {
  const text = payloadText(message);
  if (text === "") return { input: { kind: "removal", id, origin: delivery } };
  const prefix = `Failed to parse message on ${id} as an entity registration message: `;
  if (text === undefined) return { flaw: `${prefix}${NOT_UTF8}` };
  const payload = parseRegistration(text);
  if (!payload.ok) return { flaw: prefix + payload.fault.message };
  const arrival = { id, payload: payload.value, text, origin: delivery };
  return { input: { kind: "registration", arrival, delivery } };
}

function readContent(channel: Channel, message: ReceivedMessage): Result<DataContent, string> | undefined {
  if (channel.kind !== "twin" && channel.kind !== "config") return undefined;
  const text = payloadText(message);
  if (text === undefined) return err(`Failed to process entity data message: ${NOT_UTF8}`);
  const content = channel.kind === "twin" ? readFragment(channel.key, text) : readConfig(text);
  return content.ok ? content : err(`Failed to process entity data message: ${content.fault}`);
}

function readFragment(key: string, text: string): Result<DataContent, string> {
  if (!isTwinKey(key)) return err(twinKeyFault(key).message);
  const value = parseTwinValue(text);
  return value.ok ? ok({ kind: "fragment", key, value: value.value }) : err(value.fault.message);
}

function readConfig(text: string): Result<DataContent, string> {
  const document = parseConfigDocument(text);
  return document.ok ? ok({ kind: "config", document: document.value }) : err(document.fault.message);
}

const SEGMENTS = 4;
const NOT_UTF8 = "invalid utf-8 sequence";

/** Channels whose messages make an unknown entity be registered (spec/mqtt-api §4.5). */
const REGISTERING: ReadonlySet<Channel["kind"]> = new Set([
  "twin",
  "config",
  "measurement",
  "measurement-meta",
  "event",
  "event-meta",
  "alarm",
  "alarm-meta",
  "capability",
  "status",
] as const);
