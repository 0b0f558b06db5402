import { join } from "node:path";
import { readText } from "../base/atomic-file.ts";
import { err, ok, type Result } from "../base/result.ts";
import { defaultScheme, type EntityId, parseEntityId } from "../bus/entity-id.ts";
import { topicSchema } from "../bus/topic.ts";
import type { Config } from "../config/config.ts";
import { effectiveParent } from "../twin/effective-parent.ts";
import { readJournal } from "../twin/read-journal.ts";

/** A child device that is to have a client of its own. */
export interface AclChild {
  readonly id: EntityId;
  readonly name: string;
  /** Its services whose topics are not below its own. */
  readonly services: readonly EntityId[];
}

/** All child devices of the entity store, in the order of their registration; none when there is no store yet. */
export async function registeredChildren(config: Config): Promise<Result<readonly AclChild[]>> {
  const text = await storeText(config);
  if (!text.ok) return text;
  const { arrivals } = readJournal(topicSchema(config.get("mqtt.topic_root")), text.value);
  const services = arrivals.filter(({ payload }) => payload.type === "service");
  return ok(
    arrivals
      .filter(({ payload }) => payload.type === "child-device")
      .map(({ id }) => ({
        id,
        name: childName(id),
        services: services
          .filter((service) => effectiveParent(service.id, service.payload) === id && !isBelow(id, service.id))
          .map((service) => service.id),
      })),
  );
}

/** `<entity>` or `<entity>=<name>`. */
export function namedChild(text: string): Result<AclChild> {
  const [entity = "", name] = text.split("=", 2);
  const id = parseEntityId(entity);
  return id.ok ? ok({ id: id.value, name: name ?? childName(id.value), services: [] }) : err(id.fault);
}

/** Device name, or for a custom scheme the topic id with `.` for `/`, since mosquitto takes no user name with `:`. */
function childName(id: EntityId): string {
  const named = defaultScheme(id);
  return named?.kind === "device" ? named.device : id.replace(/\/+$/, "").replaceAll("/", ".");
}

function isBelow(device: EntityId, service: EntityId): boolean {
  const named = defaultScheme(device);
  return named !== undefined && service.startsWith(`device/${named.device}/`);
}

/** Where the agent keeps it (spec/mqtt-api §12). */
async function storeText(config: Config): Promise<Result<string>> {
  for (const directory of [config.get("agent.state.path"), join(config.directory, ".agent")]) {
    const text = await readText(join(directory, "entity_store.jsonl"));
    if (text.ok || text.fault.code !== "not-found") return text;
  }
  return ok("");
}
