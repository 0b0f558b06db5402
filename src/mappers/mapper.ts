import type { Clock } from "../base/clock.ts";
import type { JsonObject } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import type { Result } from "../base/result.ts";
import type { Unit } from "../base/unit.ts";
import type { EntityId } from "../bus/entity-id.ts";
import type { Participant, Publish } from "../bus/participant.ts";
import type { BrokerEndpoint } from "../bus/session.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Config } from "../config/config.ts";

/** What connects the bus to one cloud, or to whatever a user defines (spec/bridges-and-mappers §0). */
export interface Mapper {
  /** Of the system service and in logs: `tedge-mapper-az@site2`. */
  readonly name: string;
  /** File below `<run.path>/lock`, without `.lock`. */
  readonly lockName: string;
  /** Reads what is on disk for it; a fault when it cannot run like that. */
  build(world: MapperWorld): Promise<Result<MapperParts>>;
}

/** What a mapper is made from. */
export interface MapperWorld {
  readonly config: Config;
  readonly schema: TopicSchema;
  readonly device: EntityId;
  /** The local broker. */
  readonly endpoint: BrokerEndpoint;
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  log(target: string): Log;
}

/** What a mapper is made of. Whoever composes them gives it the session of a service: registration, health, exposed configuration. */
export interface MapperParts {
  /** On the bus; with the client id of the session it goes by `clientId`. */
  readonly serviceName: string;
  readonly clientId: string;
  /** What `<service>/config` shows. */
  readonly exposed: JsonObject;
  /** Who takes part over the session of the mapper. */
  participants(publish: Publish): readonly Participant[];
  /** What has connections of its own: the bridge. They are started after the session and stopped before it. */
  readonly units: readonly Unit[];
}
