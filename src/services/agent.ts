import { join } from "node:path";
import { fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Unit } from "../base/unit.ts";
import { defaultScheme, type EntityId, MAIN_DEVICE, parseEntityId, serviceId } from "../bus/entity-id.ts";
import { topicSchema } from "../bus/topic.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { HOMEPAGE, VERSION } from "../platform/version.ts";
import { localBrokerEndpoint } from "../security/broker-endpoint.ts";
import { agentTwin } from "../twin/agent-twin.ts";
import { createAgentOperations } from "./agent-operations.ts";
import type { AgentPart } from "./agent-part.ts";
import { httpClientSettings } from "./http-client.ts";
import { createMainDevice } from "./main-device.ts";
import type { Service, ServiceHost } from "./service.ts";
import { createServiceBus } from "./service-bus.ts";
import { chooseStateDirectory } from "./state-directory.ts";

export interface AgentOptions {
  /** Wins over `mqtt.device_topic_id`. */
  readonly mqttDeviceTopicId?: string;
  /** Wins over `mqtt.topic_root`. */
  readonly mqttTopicRoot?: string;
}

/** Name of the agent's process and of its service on the bus. */
export const AGENT = "tedge-agent";
const CLOSE_TIMEOUT = 5_000;
const OPERATIONS_TIMEOUT = 60_000;

/**
 * The agent of one device: its operations and, on the main device, the digital twin and the HTTP server (spec/mqtt-api §2.5).
 * It is up once it is on the bus; a broker that is away is waited for.
 */
export function agentService(options: AgentOptions): Service {
  return {
    name: AGENT,
    lockName: AGENT,
    async build(host) {
      const config = await loadConfig({
        directory: host.configDirectory,
        environment: host.environment,
        overrides: overridesOf(options),
        warn: (text) => host.log("config").warn(text),
      });
      if (!config.ok) return config;
      const device = deviceOf(config.value);
      if (!device.ok) return device;
      return await buildAgent(config.value, device.value, host);
    },
  };
}

async function buildAgent(config: Config, device: EntityId, host: ServiceHost): Promise<Result<Unit>> {
  const log = host.log("tedge_agent");
  const schema = topicSchema(config.get("mqtt.topic_root"));
  const state = await chooseStateDirectory(config.get("agent.state.path"), config.directory, log);
  if (!state.ok) return state;
  const parts: AgentPart[] = [];
  const endpoint = await localBrokerEndpoint(config, (text) => log.warn(text));
  if (!endpoint.ok) return endpoint;
  const http = await httpClientSettings(config);
  if (!http.ok) return http;
  const { session } = createServiceBus({
    config,
    host,
    endpoint: endpoint.value,
    schema,
    device,
    service: AGENT,
    clientId: `${AGENT}#${schema.root}/${device}`,
    exposed: config.exposed(),
    participants(publish) {
      const shared = { config, host, schema, device, stateDirectory: state.value, endpoint: endpoint.value, publish };
      if (device === MAIN_DEVICE) parts.push(createMainDevice({ ...shared, agentService: serviceId(device, AGENT) }));
      else log.info("Running as a child device: File Transfer Service disabled");
      parts.push(createAgentOperations({ ...shared, agentService: serviceId(device, AGENT) }));
      const twin = agentTwin({
        schema,
        device,
        service: serviceId(device, AGENT),
        agent: { name: "tebus", url: HOMEPAGE, version: VERSION },
        inventoryPath: join(config.directory, "device", "inventory.json"),
        publish,
        clock: host.clock,
        log: host.log("twin"),
      });
      parts.push({ participants: [twin.participant], open: nothingToDo, close: async () => twin.stop() });
      // The wide subscriptions of the twin come last: of what is retained, a broker queues only so much.
      return parts.toReversed().flatMap((part) => part.participants);
    },
  });
  return ok({
    name: AGENT,
    async start(signal) {
      for (const part of parts) await part.open(signal);
      session.open();
      await session.ready(signal);
      for (const part of parts) part.ready?.();
      log.info(`Ready as ${device}`);
    },
    async stop() {
      for (const part of [...parts].reverse()) await part.leaveBus?.(OPERATIONS_TIMEOUT);
      await session.close(CLOSE_TIMEOUT);
      for (const part of [...parts].reverse()) await part.close?.();
    },
  });
}

async function nothingToDo(): Promise<void> {}

function overridesOf(options: AgentOptions): Record<string, string> {
  return {
    ...(options.mqttDeviceTopicId === undefined ? {} : { "mqtt.device_topic_id": options.mqttDeviceTopicId }),
    ...(options.mqttTopicRoot === undefined ? {} : { "mqtt.topic_root": options.mqttTopicRoot }),
  };
}

function deviceOf(config: Config): Result<EntityId> {
  const device = parseEntityId(config.get("mqtt.device_topic_id"));
  if (!device.ok) return device;
  if (defaultScheme(device.value)?.kind === "device") return device;
  const message = `Device topic id ${device.value} currently needs default scheme, e.g: 'device/DEVICE_NAME//'`;
  return err(fault("not-a-device", message));
}
