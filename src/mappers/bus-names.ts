import { type EntityId, MAIN_DEVICE, serviceId } from "../bus/entity-id.ts";
import type { TopicSchema } from "../bus/topic.ts";

/** `tedge-mapper-<prefix>`: the service on the bus. For a user-defined mapper the prefix is its name (spec/bridges-and-mappers §0). */
export function mapperServiceName(prefix: string): string {
  return `tedge-mapper-${prefix}`;
}

export function bridgeServiceName(prefix: string): string {
  return `tedge-mapper-bridge-${prefix}`;
}

/** The MQTT client id of a service: two devices on one broker must not take each other's session (§1.1, gap). */
export function clientIdOf(service: string, device: EntityId): string {
  return device === MAIN_DEVICE ? service : `${service}#${device}`;
}

/** `<root>/<service of the device>/status/health` (§1.10). */
export function healthTopic(schema: TopicSchema, device: EntityId, service: string): string {
  return schema.topic(serviceId(device, service), { kind: "status", component: "health" });
}
