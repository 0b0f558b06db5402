import { fault } from "../base/fault.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { formatRegistration } from "../bus/payload/registration.ts";
import { explainRefusal } from "./refusal.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { FragmentsInput, RegistryInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import type { ChangeCondition, Entity, Registration, Twin, TwinFault } from "./twin.ts";

/** Commits a change, unless the condition says no when its turn has come; the fault is that of the disk. */
export type CommitChange = (
  input: RegistryInput,
  isWanted: ChangeCondition,
) => Promise<Result<readonly RegistryEffect[]>>;

/** Most of the twin's interface for programs of this process: reads are answered from memory, changes are committed. */
export function twinApi(state: RegistryState, commit: CommitChange): Omit<Twin, "watch"> {
  const { tree, data } = state;

  const change = async (
    input: RegistryInput,
    condition: ChangeCondition = always,
  ): Promise<Result<readonly RegistryEffect[], TwinFault>> => {
    let isMet = true;
    const done = await commit(input, () => {
      isMet = condition();
      return isMet;
    });
    if (!done.ok) {
      const cause = done.fault;
      return err(fault("not-stored", "The change was refused, since the entity store cannot be written", { cause }));
    }
    if (!isMet) return err(fault("condition-not-met", "The condition of the change is not met"));
    for (const effect of done.value) {
      if (effect.kind === "tell" && effect.news.kind === "refused" && effect.news.origin === "api") {
        return err(explainRefusal(effect.news.refusal));
      }
    }
    return done;
  };

  const changeEntity = async (
    id: EntityId,
    input: RegistryInput,
    condition?: ChangeCondition,
  ): Promise<Result<Entity, TwinFault>> => {
    const done = await change(input, condition);
    if (!done.ok) return done;
    const entity = tree.get(id)?.entity;
    return entity === undefined ? err(unknownEntity(id)) : ok(entity);
  };

  const changeFragments = (input: Omit<FragmentsInput, "kind">, condition?: ChangeCondition) =>
    change({ kind: "fragments", ...input }, condition);

  const known = <T>(id: EntityId, value: () => T): Result<T, TwinFault> =>
    tree.has(id) ? ok(value()) : err(unknownEntity(id));

  return {
    list: (query) => tree.list(query),
    get: (id) => tree.get(id)?.entity,
    register: (registration) => changeEntity(registration.id, { kind: "register", arrival: arrivalOf(registration) }),
    update: (id, patch, condition) => changeEntity(id, { kind: "patch", id, patch }, condition),
    async remove(id, condition) {
      const done = await change({ kind: "removal", id, origin: "api" }, condition);
      return done.ok ? ok(removedIn(done.value)) : done;
    },

    fragments: (id) => known(id, () => data.fragments(id)),
    fragment(id, key) {
      const value = data.fragment(id, key);
      return value === undefined ? err(unknownFragment(id, key)) : ok(value);
    },
    async setFragment(id, key, value, condition) {
      const done = await changeFragments({ id, fragments: { [key]: value }, isWhole: false }, condition);
      return done.ok ? ok(value) : done;
    },
    async removeFragment(id, key, condition) {
      const done = await changeFragments({ id, fragments: { [key]: null }, isWhole: false }, condition);
      return done.ok ? ok() : done;
    },
    async replaceFragments(id, fragments, condition) {
      const done = await changeFragments({ id, fragments, isWhole: true }, condition);
      return done.ok ? ok(withoutNulls(fragments)) : done;
    },
    async removeFragments(id, condition) {
      const done = await changeFragments({ id, fragments: {}, isWhole: true }, condition);
      return done.ok ? ok() : done;
    },

    exposedConfig: (id) => known(id, () => data.config(id) ?? {}),
  };
}

function always(): boolean {
  return true;
}

function arrivalOf({ id, ...payload }: Registration) {
  return { id, payload, text: formatRegistration(payload), origin: "api" } as const;
}

function removedIn(effects: readonly RegistryEffect[]): readonly Entity[] {
  for (const effect of effects) {
    if (effect.kind === "tell" && effect.news.kind === "removed") return effect.news.entities;
  }
  return [];
}

function withoutNulls(fragments: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fragments).filter((entry): entry is [string, Json] => entry[1] !== null));
}

function unknownEntity(id: EntityId): TwinFault {
  return explainRefusal({ kind: "unknown-entity", id });
}

function unknownFragment(id: EntityId, key: string): TwinFault {
  return fault("unknown-fragment", `Entity twin data for entity: ${id} with fragment key: ${key} not found`);
}
