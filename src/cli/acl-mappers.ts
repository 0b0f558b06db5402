import { join } from "node:path";
import { ok, type Result } from "../base/result.ts";
import { loadRules } from "../bridge/load-rules.ts";
import { localFilter } from "../bridge/rule.ts";
import type { Config } from "../config/config.ts";
import { CLOUDS } from "../config/table.ts";
import { bridgeServiceName, mapperServiceName } from "../mappers/bus-names.ts";
import { authMethodOf, mapperCommonName } from "../mappers/custom/connection.ts";
import { readMapperFile } from "../mappers/custom/mapper-file.ts";
import { mapperValue } from "../mappers/custom/mapper-values.ts";
import { tedgeReferences } from "../mappers/tedge-references.ts";
import type { AclRule } from "../security/acl-rule.ts";
import type { AclMapper } from "../security/acl-rules.ts";

/** What the mappers of a gateway use of its broker: those of clouds that have a URL, and the user-defined ones. */
export async function aclMappers(config: Config, custom: readonly string[]): Promise<Result<readonly AclMapper[]>> {
  const mappers: AclMapper[] = [...cloudMappers(config)];
  for (const name of custom) {
    const topics = await bridgedTopics(config, name);
    if (!topics.ok) return topics;
    mappers.push({ services: servicesOf(name), topics: topics.value });
  }
  return ok(mappers);
}

function servicesOf(prefix: string): readonly string[] {
  return [mapperServiceName(prefix), bridgeServiceName(prefix)];
}

function cloudMappers(config: Config): readonly AclMapper[] {
  return CLOUDS.flatMap((cloud) =>
    [undefined, ...config.profiles(cloud)].flatMap((profile): AclMapper[] => {
      const section = config.profile(cloud, profile);
      if (!section.ok || section.value.text("url") === undefined) return [];
      const prefix = section.value.get("bridge.topic_prefix");
      const internal = cloud === "c8y" ? [bothWays("c8y-internal/#")] : [];
      return [{ services: servicesOf(prefix), topics: [bothWays(`${prefix}/#`), ...internal] }];
    }),
  );
}

function bothWays(filter: string): AclRule {
  return { access: "readwrite", filter };
}

/** The local side of the bridge's rules; none without a bridge. */
async function bridgedTopics(config: Config, name: string): Promise<Result<readonly AclRule[]>> {
  const directory = join(config.directory, "mappers", name);
  const file = await readMapperFile(directory);
  if (!file.ok) return file;
  if (file.value === undefined) return ok([]);
  const options = { file: file.value, config, commonName: await mapperCommonName(file.value, config) };
  const loaded = await loadRules(join(directory, "bridge"), {
    ...tedgeReferences(config),
    mapper(path) {
      const found = mapperValue(path, options);
      return found.ok ? ok(found.value.value) : found;
    },
    authMethod: authMethodOf(file.value),
  });
  if (!loaded.ok) return loaded.fault.cause?.code === "not-found" ? ok([]) : loaded;
  return ok(loaded.value.rules.map((rule) => ({ access: ACCESS[rule.direction], filter: localFilter(rule) })));
}

/** Of the bridge's client on the local broker. */
const ACCESS = { inbound: "write", outbound: "read", bidirectional: "readwrite" } as const;
