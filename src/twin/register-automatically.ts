import { defaultScheme, deviceId, type EntityId, MAIN_DEVICE } from "../bus/entity-id.ts";
import { formatRegistration, type RegistrationPayload } from "../bus/payload/registration.ts";
import { admitRegistration } from "./admit-registration.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryState } from "./registry-state.ts";

/**
 * Registers an unknown entity of the default scheme that sent data, and before it the device of a service (spec/mqtt-api §4.5).
 *
 * An entity that has registered itself and waits for its parent keeps its own registration, since an automatic one would overwrite it on
 * the broker: what is registered instead is the device it waits for, which lets it in.
 */
export function registerAutomatically(state: RegistryState, id: EntityId): RegistryEffect[] {
  if (!state.autoRegister) return [];
  const scheme = defaultScheme(id);
  if (state.pending.has(id)) return registerMissing(state, state.pending.missingAncestor(id));
  if (scheme?.kind === "device") return registerDevice(state, id, scheme.device);
  if (scheme?.kind !== "service") return [];
  const device = deviceId(scheme.device);
  const effects = state.tree.has(device) ? [] : registerAutomatically(state, device);
  if (state.tree.has(id) || !state.tree.has(device)) return effects;
  const service = automatic(id, { type: "service", parent: device, twin: { name: scheme.service } });
  return [...effects, ...admitRegistration(state, service)];
}

function registerMissing(state: RegistryState, missing: EntityId | undefined): RegistryEffect[] {
  const scheme = missing === undefined ? undefined : defaultScheme(missing);
  if (missing === undefined || scheme?.kind !== "device") return [];
  return registerDevice(state, missing, scheme.device);
}

function registerDevice(state: RegistryState, id: EntityId, name: string): RegistryEffect[] {
  return admitRegistration(state, automatic(id, { type: "child-device", parent: MAIN_DEVICE, twin: { name } }));
}

function automatic(id: EntityId, payload: RegistrationPayload) {
  return { id, payload, text: formatRegistration(payload), origin: "automatic" } as const;
}
