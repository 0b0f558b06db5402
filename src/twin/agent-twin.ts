import { readText } from "../base/atomic-file.ts";
import type { Clock } from "../base/clock.ts";
import { toFault } from "../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson, stringifySorted } from "../base/json.ts";
import { jsonKind } from "../base/json-kind.ts";
import type { Log } from "../base/log.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { cleared, payloadBytes, retained } from "../bus/message.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import { isTwinKey, twinKeyFault } from "../bus/payload/twin.ts";
import type { TopicSchema } from "../bus/topic.ts";
import { silenceTimer } from "./silence-timer.ts";

export interface AgentTwinOptions {
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** The agent's own service: its health is what always comes. */
  readonly service: EntityId;
  /** What is published as `twin/agent`. */
  readonly agent: { readonly name: string; readonly url: string; readonly version: string };
  /** `device/inventory.json` of the configuration directory; may be missing. */
  readonly inventoryPath: string;
  readonly publish: Publish;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AgentTwin {
  readonly participant: Participant;
  stop(): void;
}

/** Milliseconds without a message after which the twin data on the broker are all known; somebody who never falls silent is not waited for. */
const SILENCE = { quiet: 1_000, longest: 30_000 };

/**
 * Says on the device's twin which agent it has, and what `inventory.json` says about the device, unless the twin has it already
 * (spec/mqtt-api §5). Once at the start, and again when the broker may have lost it.
 */
export function agentTwin(options: AgentTwinOptions): AgentTwin {
  const { schema, device, service, log } = options;
  const twinTopic = (key: string) => schema.topic(device, { kind: "twin", key });
  const healthTopic = schema.topic(service, { kind: "status", component: "health" });
  const present = new Set<string>();
  let isDue = true;

  const timer = silenceTimer({
    ...SILENCE,
    clock: options.clock,
    fire: () => {
      isDue = false;
      publishAll().catch((thrown) => log.error("Cannot publish the twin of the agent", toFault(thrown)));
    },
  });

  const publishAll = async () => {
    const inventory = await readInventory(options.inventoryPath, log);
    const wanted = Object.entries(inventory).filter(([key]) => key !== "agent" && !present.has(key));
    present.clear();
    const messages = wanted.map(([key, value]) => messageFor(twinTopic(key), value));
    const agent = retained(twinTopic("agent"), stringifySorted({ ...options.agent }));
    await Promise.all([agent, ...messages].map(options.publish));
  };

  return {
    participant: {
      name: "agent-twin",
      subscriptions: [
        { filter: twinTopic("+"), qos: 1 },
        { filter: healthTopic, qos: 1 },
      ],
      async receive(message) {
        // Once it is said, only what comes with a new subscription counts, and no longer the echo of what was said.
        if (!isDue && !message.retain) return;
        const channel = schema.parse(message.topic)?.channel;
        if (channel?.kind === "twin") {
          if (payloadBytes(message).length === 0) present.delete(channel.key);
          else present.add(channel.key);
        }
        if (isDue) timer.restart();
      },
      async connected({ first, sessionPresent }) {
        if (first || sessionPresent) return;
        isDue = true;
        timer.restart();
      },
    },
    stop: timer.stop,
  };
}

function messageFor(topic: string, value: Json) {
  return value === null ? cleared(topic) : retained(topic, stringifyJson(value));
}

/** A file that cannot be used is told and stops nothing (spec/mqtt-api §5, gap). */
async function readInventory(path: string, log: Log): Promise<JsonObject> {
  const text = await readText(path);
  if (!text.ok) {
    if (text.fault.code !== "not-found") log.warn("The inventory is not published", text.fault);
    return {};
  }
  const json = parseJson(text.value);
  if (!json.ok) {
    log.warn(`The inventory ${path} is not published: it is no JSON`, json.fault);
    return {};
  }
  if (!isJsonObject(json.value)) {
    log.warn(`The inventory ${path} is not published: it must be a JSON object, but is a ${jsonKind(json.value)}`);
    return {};
  }
  const entries = Object.entries(json.value);
  for (const [key] of entries) if (!isTwinKey(key)) log.warn(`${path}: ${twinKeyFault(key).message}`);
  return Object.fromEntries(entries.filter(([key]) => isTwinKey(key)));
}
