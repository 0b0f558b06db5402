import type { EventDocument } from "./event-document.ts";

/** Characters of one event; what holds more is told without its content, as it would push hundreds of others out of the history. */
export const LARGEST_EVENT = 256 * 1_024;

/** Compact JSON on one line. Content that is too large is left out and said to be. */
export function encodeEvent(event: EventDocument): string {
  const text = JSON.stringify(event);
  if (text.length <= LARGEST_EVENT) return text;
  const rest = JSON.stringify({ ...event, ...WITHOUT_CONTENT });
  return rest.length <= LARGEST_EVENT ? rest : JSON.stringify({ ...event, ...WITHOUT_CONTENT, status: undefined });
}

const WITHOUT_CONTENT = {
  entity: undefined,
  value: undefined,
  config: undefined,
  payload: undefined,
  text: undefined,
  omitted: true,
};
