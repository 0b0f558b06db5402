import { type EntityId, entityIdOf, MAIN_DEVICE } from "../bus/entity-id.ts";
import { ENTITY_TYPES, type RegistrationPayload } from "../bus/payload/registration.ts";
import { byteOrder } from "./byte-order.ts";
import type { Rollback } from "./rollback.ts";
import type { Entity, EntityQuery } from "./twin.ts";

/** An entity as the twin knows it. */
export interface EntityRecord {
  readonly entity: Entity;
  /** Initial twin data of the last accepted registration, as it came: a re-delivered registration is compared with it. */
  readonly registered: RegistrationPayload["twin"];
  /** Its registration is (to be) in the journal. */
  readonly stored: boolean;
}

/** The registered entities and who is whose child. Children follow from the stored parent and from nothing else (spec/http-api §3.5). */
export interface EntityTree {
  readonly size: number;
  has(id: EntityId): boolean;
  get(id: EntityId): EntityRecord | undefined;
  /** In order of first registration. */
  records(): Iterable<EntityRecord>;
  ownerOf(externalId: string): EntityId | undefined;
  /** Inserts or replaces; the entity leaves its previous parent. */
  put(record: EntityRecord): void;
  /** Takes out an entity and everything below it. */
  remove(id: EntityId): void;
  /** The entity and all below it: parent first, depth first, children in byte order. Empty when unknown. */
  subtree(id: EntityId): Entity[];
  isBelow(id: EntityId, ancestor: EntityId): boolean;
  list(query: EntityQuery): Entity[];
  /** Puts all records close together in memory. */
  compact(): void;
}

const NO_TWIN: RegistrationPayload["twin"] = {};

/** A tree that holds the main device, of which nothing is stored yet (spec/mqtt-api §2.5). */
export function createEntityTree(rollback: Rollback): EntityTree {
  const records = new Map<EntityId, EntityRecord>();
  const owners = new Map<string, EntityId>();
  const childrenOf = new Map<EntityId, Map<EntityId, true>>();

  const attach = ({ id, parent, externalId }: Entity) => {
    if (externalId !== undefined) rollback.set(owners, externalId, id);
    if (parent === undefined) return;
    const siblings = childrenOf.get(parent) ?? new Map<EntityId, true>();
    if (siblings.size === 0) rollback.set(childrenOf, parent, siblings);
    rollback.set(siblings, id, true);
  };

  const detach = ({ id, parent, externalId }: Entity) => {
    if (externalId !== undefined) rollback.delete(owners, externalId);
    const siblings = parent === undefined ? undefined : childrenOf.get(parent);
    if (parent === undefined || siblings === undefined) return;
    rollback.delete(siblings, id);
    if (siblings.size === 0) rollback.delete(childrenOf, parent);
  };

  /** Texts that were cut out of a message would keep all of it; those of equal content are shared. */
  const settled = ({ entity, registered, stored }: EntityRecord): EntityRecord => {
    const { id, type, parent } = entity;
    return {
      entity: {
        ...entity,
        id: records.get(id)?.entity.id ?? entityIdOf(id.split("/")),
        type: ENTITY_TYPES.find((one) => one === type) ?? type,
        ...(parent === undefined ? {} : { parent: records.get(parent)?.entity.id ?? parent }),
      },
      registered: Object.keys(registered).length === 0 ? NO_TWIN : registered,
      stored,
    };
  };

  const children = (id: EntityId): EntityId[] => [...(childrenOf.get(id)?.keys() ?? [])].sort(byteOrder);

  const entities = (ids: readonly EntityId[]): Entity[] => ids.flatMap((id) => records.get(id)?.entity ?? []);

  const subtree = (id: EntityId): Entity[] => {
    const found: Entity[] = [];
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const record = records.get(next);
      if (record !== undefined) found.push(record.entity);
      for (const child of children(next).reverse()) waiting.push(child);
    }
    return found;
  };

  const breadthFirst = (start: EntityId): Entity[] => {
    const found = entities([start]);
    // The list grows while it is walked.
    for (const next of found) for (const child of entities(children(next.id))) found.push(child);
    return found;
  };

  const tree: EntityTree = {
    get size() {
      return records.size;
    },
    has: (id) => records.has(id),
    get: (id) => records.get(id),
    records: () => records.values(),
    ownerOf: (externalId) => owners.get(externalId),
    put(given) {
      const record = settled(given);
      const before = records.get(record.entity.id);
      if (before !== undefined) detach(before.entity);
      rollback.set(records, record.entity.id, record);
      attach(record.entity);
    },
    remove(id) {
      for (const gone of subtree(id).reverse()) {
        detach(gone);
        rollback.delete(records, gone.id);
      }
    },
    subtree,
    isBelow(id, ancestor) {
      for (let at = records.get(id)?.entity.parent; at !== undefined; at = records.get(at)?.entity.parent) {
        if (at === ancestor) return true;
      }
      return false;
    },
    list({ root, parent, type }) {
      const listed = parent === undefined ? breadthFirst(root ?? MAIN_DEVICE) : entities(children(parent));
      return type === undefined ? listed : listed.filter((listedEntity) => listedEntity.type === type);
    },
    compact() {
      // Nothing is changed by that, so there is nothing to undo.
      for (const [id, { entity, registered, stored }] of records)
        records.set(id, { entity: { ...entity }, registered, stored });
    },
  };
  tree.put({ entity: { id: MAIN_DEVICE, type: "device" }, registered: {}, stored: false });
  return tree;
}
