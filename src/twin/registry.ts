import { receiveRegistration, requestRegistration } from "./admit-registration.ts";
import { changeFragments, receiveData } from "./receive-data.ts";
import { beginSettling, restore, settle } from "./reconcile.ts";
import { registryMachine } from "./registry.machine.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import { clearFound, confirmCleared, removeEntity } from "./remove-entity.ts";
import { updateEntity } from "./update-entity.ts";

/** The registry machine with its rules, on this state. */
export function createRegistry(state: RegistryState): (input: RegistryInput) => RegistryEffect[] {
  return registryMachine(state, {
    receiveRegistration,
    requestRegistration,
    updateEntity,
    removeEntity,
    clearFound,
    confirmCleared,
    receiveData,
    changeFragments,
    restore,
    beginSettling,
    settle,
  });
}
