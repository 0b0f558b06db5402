import type { Clock } from "../base/clock.ts";
import { stringifySorted } from "../base/json.ts";
import { type EntityId, serviceId } from "./entity-id.ts";
import { type Message, retained } from "./message.ts";
import type { Connection, Participant, Publish } from "./participant.ts";
import { healthDown, healthUp, type TimestampFormat } from "./payload/health.ts";
import type { TopicSchema } from "./topic.ts";

export interface ServiceHealthOptions {
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** Name of the service, for example `tedge-agent`. */
  readonly service: string;
  /** `service.type`; empty means `service`. */
  readonly serviceType: string;
  readonly timestampFormat: TimestampFormat;
  readonly clock: Clock;
  readonly pid: number;
  readonly publish: Publish;
}

/** How a service makes itself known and tells that it lives (spec/mqtt-api §9). */
export interface ServiceHealth extends Participant {
  readonly entity: EntityId;
  readonly registration: Message;
  /** With the time of the call. */
  up(): Message;
  /** The will, and the farewell before a graceful end. */
  readonly down: Message;
  /** For the session: registration and `up` on the first connection, `up` first of all on the others. */
  birth(connection: Connection): readonly Message[];
}

export function serviceHealth(options: ServiceHealthOptions): ServiceHealth {
  const { schema, device, service, clock, pid, publish } = options;
  const entity = serviceId(device, service);
  const health = schema.topic(entity, { kind: "status", component: "health" });
  const registration = retained(
    schema.topic(entity, { kind: "registration" }),
    stringifySorted({ "@type": "service", "@parent": device, name: service, type: options.serviceType || "service" }),
  );
  const up = () => retained(health, healthUp(pid, clock.now(), options.timestampFormat));
  return {
    name: "health",
    entity,
    registration,
    up,
    down: retained(health, healthDown(pid)),
    birth: ({ first }) => (first ? [registration, up()] : [up()]),
    subscriptions: [entity, device].map((id) => ({ filter: schema.topic(id, { kind: "health-check" }), qos: 1 })),
    async receive() {
      await publish(up());
    },
    async connected({ first, sessionPresent }) {
      // A broker that lost the session may have lost the registration too (spec/mqtt-api §14.2, gap).
      if (!first && !sessionPresent) await publish(registration);
    },
  };
}
