import type { JsonObject } from "../base/json.ts";
import { droppableOn } from "../bus/droppable.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { exposedConfig } from "../bus/exposed-config.ts";
import { serviceHealth } from "../bus/health.ts";
import { type Bus, joinBus } from "../bus/join-bus.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import { LOCAL_SESSION } from "../bus/session-defaults.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Config } from "../config/config.ts";
import type { ServiceHost } from "./service.ts";

export interface ServiceBusOptions {
  readonly config: Config;
  readonly host: ServiceHost;
  readonly endpoint: BrokerEndpoint;
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** Name of the service on the bus. */
  readonly service: string;
  readonly clientId: string;
  /** What the service exposes of its configuration. */
  readonly exposed: JsonObject;
  /** Who else takes part over this session; `publish` may be called before it is open. */
  readonly participants: (publish: Publish) => readonly Participant[];
}

/** The session of a service on the local bus with what every service does there: registration, health, exposed configuration (spec/mqtt-api §9, §6). */
export function createServiceBus(options: ServiceBusOptions): Bus {
  const { config, host, endpoint, schema, device } = options;
  const publish: Publish = (message) => bus.session.publish(message);
  const health = serviceHealth({
    schema,
    device,
    service: options.service,
    serviceType: config.get("service.type"),
    timestampFormat: config.get("service.timestamp_format"),
    clock: host.clock,
    pid: process.pid,
    publish,
  });
  const exposed = exposedConfig({ schema, service: health.entity, document: options.exposed, publish });
  const bus = joinBus(
    [health, exposed, ...options.participants(publish)],
    {
      ...LOCAL_SESSION,
      endpoint,
      clientId: options.clientId,
      will: health.down,
      birth: health.birth,
      farewell: () => [health.down],
      isDroppable: droppableOn(schema),
      onEvent(event) {
        if (event.kind === "stopped" && event.fault !== undefined) host.crashed(event.fault);
      },
    },
    { clock: host.clock, random: host.random, log: host.log("mqtt") },
  );
  return bus;
}
