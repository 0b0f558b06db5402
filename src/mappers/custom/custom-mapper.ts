import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Fault, fault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Unit } from "../../base/unit.ts";
import { createBridge } from "../../bridge/create-bridge.ts";
import { loadRules } from "../../bridge/load-rules.ts";
import type { References } from "../../bridge/references.ts";
import type { BridgeRule } from "../../bridge/rule.ts";
import { cleared } from "../../bus/message.ts";
import type { Participant, Publish } from "../../bus/participant.ts";
import { bridgeServiceName, clientIdOf, healthTopic, mapperServiceName } from "../bus-names.ts";
import type { Mapper, MapperParts, MapperWorld } from "../mapper.ts";
import { tedgeReferences } from "../tedge-references.ts";
import { authMethodOf, type MapperConnection, mapperCommonName, resolveConnection } from "./connection.ts";
import { type MapperFile, readMapperFile } from "./mapper-file.ts";
import { mapperValue } from "./mapper-values.ts";

/** Milliseconds that a CONNECT may take. The remote one may have to sign with a slow key (spec/bridges-and-mappers §1.1). */
const LOCAL_TIMEOUT = 5_000;
const REMOTE_TIMEOUT = 60_000;
const LOCAL_KEEP_ALIVE = 60;

/** The mapper that `<cfg>/mappers/<name>` defines: a bridge if it has rules for one (spec/bridges-and-mappers §11.1). */
export function customMapper(name: string): Mapper {
  const service = mapperServiceName(name);
  return { name: service, lockName: service, build: (world) => build(name, world) };
}

async function build(name: string, world: MapperWorld): Promise<Result<MapperParts>> {
  const directory = join(world.config.directory, "mappers", name);
  const file = await readMapperFile(directory);
  if (!file.ok) return file;
  const service = mapperServiceName(name);
  const parts = { serviceName: service, clientId: clientIdOf(service, world.device), exposed: {} };
  if (!(await isDirectory(join(directory, "bridge")))) {
    const topic = healthTopic(world.schema, world.device, bridgeServiceName(name));
    return ok({ ...parts, participants: (publish) => [absentBridge(topic, publish)], units: [] });
  }
  if (file.value === undefined) return err(bridgeWithoutFile(directory));
  const bridge = await buildBridge(name, file.value, world);
  return bridge.ok ? ok({ ...parts, participants: () => [], units: [bridge.value] }) : bridge;
}

async function buildBridge(name: string, file: MapperFile, world: MapperWorld): Promise<Result<Unit>> {
  const connection = await resolveConnection(file, world.config);
  if (!connection.ok) return connection;
  const directory = join(world.config.directory, "mappers", name, "bridge");
  const loaded = await loadRules(directory, await mapperReferences(file, world));
  if (loaded.ok) return ok(makeBridge(name, world, connection.value, loaded.value.rules));
  world.log("MQTT bridge").error(loaded.fault.report);
  return loaded;
}

async function mapperReferences(file: MapperFile, { config }: MapperWorld): Promise<References> {
  const options = { file, config, commonName: await mapperCommonName(file, config) };
  return {
    ...tedgeReferences(config),
    mapper(path) {
      const found = mapperValue(path, options);
      return found.ok ? ok(found.value.value) : found;
    },
    authMethod: authMethodOf(file),
  };
}

function makeBridge(
  name: string,
  { config, schema, device, endpoint, clock, random, log }: MapperWorld,
  connection: MapperConnection,
  rules: readonly BridgeRule[],
): Unit {
  const service = bridgeServiceName(name);
  const interval = (key: "initial_interval" | "maximum_interval" | "reset_window") =>
    config.get(`mqtt.bridge.reconnect_policy.${key}`).milliseconds;
  const { maxPacket, ...remote } = connection;
  return createBridge(
    {
      name: service,
      local: {
        endpoint,
        clientId: clientIdOf(service, device),
        clean: false,
        keepAlive: LOCAL_KEEP_ALIVE,
        connectTimeout: LOCAL_TIMEOUT,
      },
      remote: { ...remote, connectTimeout: REMOTE_TIMEOUT },
      rules,
      healthTopic: healthTopic(schema, device, service),
      errorsTopic: schema.errors,
      maxPacket,
      reconnect: {
        initial: interval("initial_interval"),
        maximum: interval("maximum_interval"),
        resetWindow: interval("reset_window"),
      },
    },
    { clock, random, log: log("MQTT bridge") },
  );
}

/** A bridge that was there before may have left its health on the broker (spec/mqtt-api §9). */
function absentBridge(topic: string, publish: Publish): Participant {
  return {
    name: "absent-bridge",
    subscriptions: [],
    receive: async () => undefined,
    async connected({ first }) {
      if (first) await publish(cleared(topic));
    },
  };
}

function bridgeWithoutFile(directory: string): Fault<"no-mapper-file"> {
  return fault(
    "no-mapper-file",
    `Mapper directory '${directory}' contains a 'bridge/' subdirectory but no 'mapper.toml' connection config. ` +
      "Create it with the 'url' of the remote broker, or remove 'bridge/'",
  );
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
