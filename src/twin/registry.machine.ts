import { exhaustive } from "../base/exhaustive.ts";
import type { receiveRegistration, requestRegistration } from "./admit-registration.ts";
import type { changeFragments, receiveData } from "./receive-data.ts";
import type { beginSettling, restore, settle } from "./reconcile.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { RegistryInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import type { clearFound, confirmCleared, removeEntity } from "./remove-entity.ts";
import type { updateEntity } from "./update-entity.ts";

/** The decisions, one file each. */
export interface RegistryRules {
  readonly receiveRegistration: typeof receiveRegistration;
  readonly requestRegistration: typeof requestRegistration;
  readonly updateEntity: typeof updateEntity;
  readonly removeEntity: typeof removeEntity;
  readonly clearFound: typeof clearFound;
  readonly confirmCleared: typeof confirmCleared;
  readonly receiveData: typeof receiveData;
  readonly changeFragments: typeof changeFragments;
  readonly restore: typeof restore;
  readonly beginSettling: typeof beginSettling;
  readonly settle: typeof settle;
}

/**
 * The registry of entities (spec/mqtt-api §4): an entity is unknown, pending on its parent, registered, or being removed. A step changes
 * `state` in place and gives what has to be done; it depends on nothing but the state and the input.
 */
export function registryMachine(state: RegistryState, rules: RegistryRules) {
  return (input: RegistryInput): RegistryEffect[] => {
    switch (input.kind) {
      case "registration":
        return rules.receiveRegistration(state, input.arrival, input.delivery);
      case "register":
        return rules.requestRegistration(state, input.arrival);
      case "patch":
        return rules.updateEntity(state, input.id, input.patch);
      case "removal":
        return rules.removeEntity(state, input.id, input.origin);
      case "retained-found":
        return rules.clearFound(state, input);
      case "cleared":
        return rules.confirmCleared(state, input.removal, input.ids);
      case "data":
        return rules.receiveData(state, input);
      case "fragments":
        return rules.changeFragments(state, input);
      case "restored":
        return rules.restore(state, input);
      case "connected":
        return rules.beginSettling(state, input.connection);
      case "silence":
        return rules.settle(state);
      default:
        return exhaustive(input);
    }
  };
}
