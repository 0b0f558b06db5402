import * as v from "valibot";
import { stringifyJson } from "../base/json.ts";

/** One line of `entity_store.jsonl`: a message as the reference writes it (spec/mqtt-api §12). */
export interface JournalLine {
  readonly topic: string;
  /** Empty: what stood on the topic was removed. */
  readonly payload: string;
  /** False on the line that ends a removal, see journal.ts. */
  readonly retain: boolean;
}

export const JOURNAL_HEADER = '{"version":"1.0"}';

export function formatJournalLine({ topic, payload, retain }: JournalLine): string {
  return stringifyJson({ topic: { name: topic }, payload, qos: 1, retain });
}

/** `undefined` for a line that is none, such as one torn by a loss of power. */
export function parseJournalLine(text: string): JournalLine | undefined {
  const line = v.safeParse(LINE, readJson(text));
  if (!line.success) return undefined;
  return { topic: line.output.topic.name, payload: line.output.payload, retain: line.output.retain };
}

/** Of the numbers in a line, no spelling has to be kept. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const LINE = v.object({
  topic: v.object({ name: v.string() }),
  payload: v.string(),
  qos: v.picklist([0, 1, 2]),
  retain: v.boolean(),
});
