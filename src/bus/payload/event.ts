import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { readTelemetryRecord, snippet } from "./telemetry-record.ts";
import { TIME_SCHEMA } from "./time-value.ts";
import type { Timestamp } from "./timestamp.ts";

/** Something that happened (spec/mqtt-api §7.5). */
export interface EventPayload {
  readonly text?: string;
  readonly time?: Timestamp;
  /** Overrides the type of the topic; never empty. */
  readonly type?: string;
  /** Whatever else the sender gave, numbers spelled as received. */
  readonly fragments: JsonObject;
}

export type EventFault = Fault<"invalid-event">;

/** The payload of `<E>/e/<type>` when it is not empty (spec/mqtt-api §7.5): accepts what `parseEvent` accepts. */
export const EVENT_SCHEMA = v.pipe(
  v.looseObject({
    text: v.nullish(v.pipe(v.string(), v.description("Without one, the type of the event is the text"))),
    time: v.nullish(TIME_SCHEMA),
    type: v.optional(v.pipe(v.unknown(), v.description("Text that is not empty overrides the type of the topic"))),
  }),
  v.examples([{ text: "Somebody opened the door", time: "2024-05-02T18:59:21Z", room: { number: 12 } }]),
);

/** Reads the text of an event; an empty one is an event without details. The fault's message is the *wire* text, which names `topic`. */
export function parseEvent(text: string, topic: string): Result<EventPayload, EventFault> {
  if (text === "") return ok({ fragments: {} });
  const record = readTelemetryRecord(text, { expected: "struct ThinEdgeEventData", texts: ["text"] });
  if (!record.ok) {
    const about = `Parsing of event message received on topic: ${topic} failed due to error: ${record.fault}`;
    return err(fault("invalid-event", `Not an event payload: ${about}. Snipped payload: ${snippet(text)}`));
  }
  const { texts, time, type, fragments } = record.value;
  const eventText = texts.get("text");
  return ok({
    ...(eventText === undefined ? {} : { text: eventText }),
    ...(time === undefined ? {} : { time }),
    ...(type === undefined || type === "" ? {} : { type }),
    fragments,
  });
}
