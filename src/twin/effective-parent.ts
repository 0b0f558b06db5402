import { defaultScheme, deviceId, type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import type { RegistrationPayload } from "../bus/payload/registration.ts";

/** The parent that a registration means (spec/mqtt-api §4.2); `undefined` for a device, which has none. */
export function effectiveParent(id: EntityId, { type, parent }: RegistrationPayload): EntityId | undefined {
  if (type === "device") return undefined;
  if (parent !== undefined) return parent;
  const scheme = defaultScheme(id);
  return type === "service" && scheme?.kind === "service" ? deviceId(scheme.device) : MAIN_DEVICE;
}
