import * as v from "valibot";
import { TIME_SCHEMA } from "./time-value.ts";

/** The payload of `<E>/e/<type>` when it is not empty (spec/mqtt-api §7.5): accepts what `parseEvent` accepts. */
export const EVENT_SCHEMA = v.pipe(
  v.looseObject({
    text: v.nullish(v.pipe(v.string(), v.description("Without one, the type of the event is the text"))),
    time: v.nullish(TIME_SCHEMA),
    type: v.optional(v.pipe(v.unknown(), v.description("Text that is not empty overrides the type of the topic"))),
  }),
  v.examples([{ text: "Somebody opened the door", time: "2024-05-02T18:59:21Z", room: { number: 12 } }]),
);
