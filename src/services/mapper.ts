import type { Result } from "../base/result.ts";
import { ok } from "../base/result.ts";
import type { Unit } from "../base/unit.ts";
import { parseEntityId } from "../bus/entity-id.ts";
import { topicSchema } from "../bus/topic.ts";
import { loadConfig } from "../config/load-config.ts";
import { customMapper } from "../mappers/custom/custom-mapper.ts";
import type { Mapper } from "../mappers/mapper.ts";
import { localBrokerEndpoint } from "../security/broker-endpoint.ts";
import type { Service, ServiceHost } from "./service.ts";
import { createServiceBus } from "./service-bus.ts";

const CLOSE_TIMEOUT = 5_000;

/** The mapper that the directory `mappers/<name>` of the configuration defines. */
export function customMapperService(name: string): Service {
  return mapperService(customMapper(name));
}

/**
 * A mapper as a member of the process: first its session on the bus, then what has connections of its own. It is up as soon as the local
 * broker is there, whatever the cloud does (spec/bridges-and-mappers §6).
 */
export function mapperService(mapper: Mapper): Service {
  return {
    name: mapper.name,
    lockName: mapper.lockName,
    build: (host) => buildMapper(mapper, host),
  };
}

async function buildMapper(mapper: Mapper, host: ServiceHost): Promise<Result<Unit>> {
  const log = host.log("tedge_mapper");
  const warn = (text: string) => log.warn(text);
  const config = await loadConfig({ directory: host.configDirectory, environment: host.environment, warn });
  if (!config.ok) return config;
  const device = parseEntityId(config.value.get("mqtt.device_topic_id"));
  if (!device.ok) return device;
  const endpoint = await localBrokerEndpoint(config.value, warn);
  if (!endpoint.ok) return endpoint;
  const shared = {
    config: config.value,
    schema: topicSchema(config.value.get("mqtt.topic_root")),
    device: device.value,
    endpoint: endpoint.value,
  };
  const { clock, random } = host;
  const built = await mapper.build({ ...shared, clock, random, log: (target) => host.log(target) });
  if (!built.ok) return built;
  const { serviceName, clientId, exposed, participants, units } = built.value;
  const { session } = createServiceBus({ ...shared, host, service: serviceName, clientId, exposed, participants });
  return ok({
    name: mapper.name,
    async start(signal) {
      session.open();
      await session.ready(signal);
      for (const unit of units) await unit.start(signal);
      log.info(`Ready as ${serviceName}`);
    },
    async stop() {
      for (const unit of [...units].reverse()) await unit.stop();
      await session.close(CLOSE_TIMEOUT);
    },
  });
}
