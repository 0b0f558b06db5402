import { entityIdOf } from "../../bus/entity-id.ts";
import { ENTITY_ID_SCHEMA } from "../../bus/entity-id-schema.ts";
import { ENTITY_TYPE_SCHEMA } from "../../bus/payload/registration.ts";
import { TIME_SCHEMA } from "../../bus/payload/time-value.ts";
import { topicSchema } from "../../bus/topic.ts";
import { HOMEPAGE, VERSION } from "../../platform/version.ts";
import { BUS_CHANNELS, type BusChannel, type BusMessage, TOPIC_PARAMETERS } from "./bus-channels.ts";
import { jsonSchemas } from "./json-schemas.ts";

/** Where the bus is that the document describes. */
export interface BusDescription {
  /** `mqtt.topic_root` */
  readonly root: string;
  /** The broker as the agent reaches it. */
  readonly broker: { readonly host: string; readonly port: number; readonly isEncrypted: boolean };
}

/** The AsyncAPI 3 document of the bus as the agent sees it, as JSON text: what it sends and what it receives. */
export function asyncApiDocument({ root, broker }: BusDescription): string {
  const channels: readonly (readonly [string, BusChannel])[] = Object.entries(BUS_CHANNELS);
  const named = Object.fromEntries(
    channels.flatMap(([, { messages }]) =>
      Object.entries(messages).flatMap(([name, { payload }]) =>
        payload === undefined ? [] : [[capitalised(name), payload]],
      ),
    ),
  );
  const schemas = jsonSchemas({
    named: { EntityId: ENTITY_ID_SCHEMA, EntityType: ENTITY_TYPE_SCHEMA, Time: TIME_SCHEMA, ...named },
    dialect: "draft-07",
  });
  return JSON.stringify({
    asyncapi: "3.0.0",
    id: "urn:tebus:agent",
    info: {
      title: "tebus",
      version: VERSION,
      description: DESCRIPTION,
      contact: { name: "tebus", url: HOMEPAGE },
      license: { name: "Apache-2.0" },
    },
    defaultContentType: JSON_TYPE,
    servers: {
      broker: {
        host: `${broker.host.includes(":") ? `[${broker.host}]` : broker.host}:${broker.port}`,
        protocol: broker.isEncrypted ? "mqtts" : "mqtt",
        protocolVersion: "3.1.1",
        description: "The broker of the device, as its agent reaches it",
      },
    },
    channels: {
      ...Object.fromEntries(channels.map(([name, channel]) => [name, describeChannel(root, channel)])),
      errors: {
        address: topicSchema(root).errors,
        title: "What agent and mappers could not make use of; for people, not for programs",
        messages: { error: { $ref: "#/components/messages/error" } },
      },
    },
    operations: {
      ...Object.fromEntries(channels.flatMap(([name, channel]) => operationsOf(name, channel))),
      sendError: describeOperation("send", "errors", {
        title: "Tells what it refused",
        messages: ["error"],
        isRetained: false,
      }),
    },
    components: {
      messages: {
        ...Object.fromEntries(
          channels.flatMap(([, { messages }]) =>
            Object.entries(messages).map(([name, message]) => [name, describeMessage(name, message, schemas.of)]),
          ),
        ),
        error: { name: "error", summary: "A sentence", contentType: "text/plain", payload: { type: "string" } },
      },
      schemas: schemas.components,
    },
  });
}

const DESCRIPTION = [
  "Messages of the MQTT bus of a device. An entity has a topic id of four segments, of which some may be empty:",
  "`device/main//` is the main device, `device/pump7//` a child device, `device/pump7/service/plc` a service.",
  "All messages are published with QoS 1. An empty payload takes away what is retained on a topic.",
  "Operations are those of the agent: what it receives, others send.",
  "Its HTTP interface is described at `/te/v1/openapi.json`.",
].join(" ");

const JSON_TYPE = "application/json";
const MQTT_BINDING = "0.2.0";

function describeChannel(root: string, { channel, title, messages }: BusChannel): object {
  const entity = entityIdOf(["{segment1}", "{segment2}", "{segment3}", "{segment4}"]);
  const address = topicSchema(root).topic(entity, channel);
  const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return {
    address,
    title,
    parameters: Object.fromEntries(names.map((name) => [name, { description: TOPIC_PARAMETERS[name] }])),
    messages: Object.fromEntries(
      Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
  };
}

function operationsOf(name: string, { actions, messages, ...channel }: BusChannel): [string, object][] {
  const described = { ...channel, messages: Object.keys(messages) };
  return actions.map((action) => [`${action}${capitalised(name)}`, describeOperation(action, name, described)]);
}

interface OperationDescription {
  readonly title: string;
  readonly messages: readonly string[];
  readonly isRetained: boolean;
}

function describeOperation(
  action: "send" | "receive",
  channel: string,
  { title, messages, isRetained }: OperationDescription,
): object {
  return {
    action,
    summary: title,
    channel: { $ref: `#/channels/${channel}` },
    messages: messages.map((message) => ({ $ref: `#/channels/${channel}/messages/${message}` })),
    bindings: { mqtt: { qos: 1, retain: isRetained, bindingVersion: MQTT_BINDING } },
  };
}

function describeMessage(
  name: string,
  { summary, payload, isEmpty }: BusMessage,
  write: (schema: NonNullable<BusMessage["payload"]>) => object,
): object {
  if (isEmpty === true) return { name, summary, contentType: "text/plain", payload: { type: "string", maxLength: 0 } };
  if (payload === undefined) return { name, summary, contentType: "application/octet-stream" };
  return { name, summary, contentType: JSON_TYPE, payload: write(payload) };
}

function capitalised(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
