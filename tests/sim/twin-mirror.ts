import { expect } from "bun:test";
import type { JsonObject } from "../../src/base/json.ts";
import type { EntityId } from "../../src/bus/entity-id.ts";
import type { Entity, Twin, TwinChange } from "../../src/twin/twin.ts";
import { contentOf } from "./twin-plant.ts";

interface Mirrored {
  readonly entity: Entity;
  readonly twin: JsonObject;
  readonly config: JsonObject;
}

/** A watcher that knows the twin by what it read when it began, and by what it heard since. */
export interface Mirror {
  /** Begins anew with this twin. */
  follow(twin: Twin): void;
  /** Throws unless it knows exactly what the twin says. */
  check(): void;
}

export function mirrorOf(): Mirror {
  const known = new Map<EntityId, Mirrored>();
  let followed: Twin | undefined;
  let end = () => {};

  const read = (twin: Twin): Map<EntityId, Mirrored> =>
    new Map(
      twin.list({}).map((entity) => {
        const { id } = entity;
        return [id, { entity, twin: contentOf(twin.fragments(id)), config: contentOf(twin.exposedConfig(id)) }];
      }),
    );

  const hear = (change: TwinChange) => {
    switch (change.kind) {
      case "registered":
        expect(known.has(change.entity.id)).toBe(false);
        known.set(change.entity.id, { entity: change.entity, twin: {}, config: {} });
        return;
      case "updated":
        known.set(change.entity.id, { ...before(change.entity.id), entity: change.entity });
        return;
      case "removed":
        expect(known.get(change.entity.id)?.entity).toEqual(change.entity);
        known.delete(change.entity.id);
        return;
      case "fragment": {
        const { [change.key]: old, ...rest } = before(change.id).twin;
        expect(old).not.toEqual(change.value);
        const twin = change.value === undefined ? rest : { ...rest, [change.key]: change.value };
        known.set(change.id, { ...before(change.id), twin });
        return;
      }
      case "config":
        known.set(change.id, { ...before(change.id), config: change.config ?? {} });
        return;
    }
  };

  const before = (id: EntityId): Mirrored => {
    const mirrored = known.get(id);
    if (mirrored === undefined) throw new Error(`${id} changed without having been registered`);
    return mirrored;
  };

  return {
    follow(twin) {
      end();
      known.clear();
      followed = twin;
      for (const [id, mirrored] of read(twin)) known.set(id, mirrored);
      end = twin.watch(hear);
    },
    check() {
      const said = followed === undefined ? new Map<EntityId, Mirrored>() : read(followed);
      for (const [id, mirrored] of said) expect({ id, ...known.get(id) }).toEqual({ id, ...mirrored });
      for (const [id, { entity }] of known) expect({ id, known: followed?.get(id) }).toEqual({ id, known: entity });
    },
  };
}
