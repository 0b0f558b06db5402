import type { EntityId } from "../bus/entity-id.ts";
import { parseRegistration } from "../bus/payload/registration.ts";
import type { TopicSchema } from "../bus/topic.ts";
import type { Arrival } from "./arrival.ts";
import { parseJournalLine } from "./journal-line.ts";
import { announcedLine } from "./journal-lines.ts";

/** What the lines of a journal come to. */
export interface JournalContent {
  /** The last registration of each entity, in order of first registration. */
  readonly arrivals: readonly Arrival[];
  /** Entities whose removal was begun and not ended. */
  readonly removed: readonly EntityId[];
  /** Entities whose messages may not have reached the broker. */
  readonly unannounced: readonly EntityId[];
  /** Lines behind the header, readable or not, but for those that say `announced`. */
  readonly lines: number;
  /** Numbers of the lines that could not be read, from 1. */
  readonly unreadable: readonly number[];
}

/**
 * Reads the text of `entity_store.jsonl` (spec/mqtt-api §12): the last payload of a topic counts, at the place where the topic was first
 * seen; an empty one removes it. The first line is skipped whatever it says. Twin lines with a value, which older versions wrote, and
 * other channels are ignored; an empty one says that this fragment of the registration before it was taken away.
 */
export function readJournal(schema: TopicSchema, text: string): JournalContent {
  const arrivals = new Map<EntityId, Arrival>();
  const removed = new Set<EntityId>();
  const unannounced = new Set<EntityId>();
  const unreadable: number[] = [];
  const announced = announcedLine(schema).topic;
  let marks = 0;
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const [index, content] of lines.entries()) {
    if (index === 0) continue;
    const line = parseJournalLine(content);
    const topic = line === undefined ? undefined : schema.parse(line.topic);
    if (line === undefined || topic === undefined) {
      unreadable.push(index + 1);
      continue;
    }
    const { entity: id, channel } = topic;
    if (line.topic === announced) {
      unannounced.clear();
      if (line.retain) for (const known of arrivals.keys()) unannounced.add(known);
      marks += 1;
    }
    if (channel.kind === "twin" && line.payload === "") removeKey(arrivals, id, channel.key);
    if (channel.kind !== "registration") continue;
    if (line.payload === "") {
      arrivals.delete(id);
      unannounced.delete(id);
      if (line.retain) removed.add(id);
      else removed.delete(id);
      continue;
    }
    const payload = parseRegistration(line.payload);
    if (!payload.ok) {
      unreadable.push(index + 1);
      continue;
    }
    arrivals.set(id, { id, payload: payload.value, text: line.payload, origin: "journal" });
    removed.delete(id);
    unannounced.add(id);
  }
  return {
    arrivals: [...arrivals.values()],
    removed: [...removed],
    unannounced: [...unannounced],
    lines: Math.max(0, lines.length - 1 - marks),
    unreadable,
  };
}

function removeKey(arrivals: Map<EntityId, Arrival>, id: EntityId, key: string): void {
  const arrival = arrivals.get(id);
  if (arrival === undefined) return;
  arrivals.set(id, { ...arrival, removedKeys: new Set([...(arrival.removedKeys ?? []), key]) });
}
