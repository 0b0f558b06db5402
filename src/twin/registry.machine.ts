import { exhaustive } from "../base/exhaustive.ts";
import { receiveRegistration, requestRegistration } from "./admit-registration.ts";
import { changeFragments, receiveData } from "./receive-data.ts";
import { beginSettling, restore, settle } from "./reconcile.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import { clearFound, confirmCleared, removeEntity } from "./remove-entity.ts";
import { updateEntity } from "./update-entity.ts";

/**
 * The registry of entities (spec/mqtt-api §4): an entity is unknown, pending on its parent, registered, or being removed. A step changes
 * `state` in place, since a copy of a tree of thousands for each message would cost too much, and gives what has to be done; it depends on
 * nothing but the state and the input.
 */
export function registryMachine(state: RegistryState): (input: RegistryInput) => RegistryEffect[] {
  return (input) => {
    switch (input.kind) {
      case "registration":
        return receiveRegistration(state, input.arrival, input.delivery);
      case "register":
        return requestRegistration(state, input.arrival);
      case "patch":
        return updateEntity(state, input.id, input.patch);
      case "removal":
        return removeEntity(state, input.id, input.origin);
      case "retained-found":
        return clearFound(state, input);
      case "cleared":
        return confirmCleared(state, input.removal, input.ids);
      case "data":
        return receiveData(state, input);
      case "fragments":
        return changeFragments(state, input);
      case "restored":
        return restore(state, input);
      case "connected":
        return beginSettling(state, input.connection);
      case "silence":
        return settle(state);
      default:
        return exhaustive(input);
    }
  };
}
