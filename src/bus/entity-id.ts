import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isSendable } from "./topic-filter.ts";

/** An entity topic id in canonical form: four segments, three slashes, for example `device/main//` (spec/mqtt-api §2.2). */
export type EntityId = string & { readonly [entityId]: true };
declare const entityId: unique symbol;

export const MAIN_DEVICE = "device/main//" as EntityId;

/** What cannot stand in a level of a topic that is published to (see `isSendable`), for use in a class of a regular expression. */
export const UNFIT_FOR_LEVEL = String.raw`/+#\u0000-\u001f\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff`;

/** One segment of an id, as part of a regular expression. */
export const ID_SEGMENT = `[^${UNFIT_FOR_LEVEL}]*`;

/** What an id looks like before it is completed. */
export const ENTITY_ID_PATTERN = new RegExp(`^${ID_SEGMENT}(?:/${ID_SEGMENT}){0,3}$`);

/** Characters. An id and the key of a twin fragment fit into a topic together. */
export const LONGEST_ID = 4_096;

/** Reads an id from JSON, configuration or a URL; missing trailing segments are completed. Code `invalid-entity-id`. */
export function parseEntityId(text: string): Result<EntityId, Fault<"invalid-entity-id">> {
  const segments = text.split("/");
  if (segments.length > 4) {
    return err(fault("invalid-entity-id", "An entity topic identifier has at most 4 segments"));
  }
  if (text.length > LONGEST_ID || !ENTITY_ID_PATTERN.test(text) || !isSendable(text)) {
    return err(fault("invalid-entity-id", "An entity topic identifier must be a valid MQTT topic"));
  }
  return ok(entityIdOf(segments));
}

/** The id made of up to four segments that are known to be sound, as those of a received topic are. */
export function entityIdOf(segments: readonly string[]): EntityId {
  const [first = "", second = "", third = "", fourth = ""] = segments;
  return `${first}/${second}/${third}/${fourth}` as EntityId;
}

/** What an id of the default scheme names (spec/mqtt-api §2.3); `undefined` for a custom scheme. */
export type DefaultScheme =
  | { readonly kind: "device"; readonly device: string }
  | { readonly kind: "service"; readonly device: string; readonly service: string };

export function defaultScheme(id: EntityId): DefaultScheme | undefined {
  const [first, device = "", third, service = ""] = id.split("/");
  if (first !== "device" || device === "") return undefined;
  if (third === "" && service === "") return { kind: "device", device };
  if (third === "service" && service !== "") return { kind: "service", device, service };
  return undefined;
}

export function deviceId(name: string): EntityId {
  return entityIdOf(["device", name]);
}

/** The id of a service of a device of the default scheme; for another device, a service segment put behind its first two segments. */
export function serviceId(device: EntityId, service: string): EntityId {
  const [first = "", second = ""] = device.split("/");
  return entityIdOf([first, second, "service", service]);
}
