import * as v from "valibot";
import { TIME_SCHEMA } from "./time-value.ts";

/** Severities that clouds know (spec/mqtt-api §7.6). */
export const ALARM_SEVERITIES = ["critical", "major", "minor", "warning"] as const;
export type AlarmSeverity = (typeof ALARM_SEVERITIES)[number];

/** The payload of `<E>/a/<type>` when it is not empty, which clears the alarm (spec/mqtt-api §7.6): accepts what `parseAlarm` accepts. */
export const ALARM_SCHEMA = v.pipe(
  v.looseObject({
    severity: v.nullish(
      v.pipe(v.string(), v.description("critical, major, minor or warning; anything else counts as minor in a cloud")),
    ),
    text: v.nullish(v.pipe(v.string(), v.description("Without one, the type of the alarm is the text"))),
    time: v.nullish(TIME_SCHEMA),
    type: v.optional(v.pipe(v.unknown(), v.description("Text overrides the type of the topic"))),
  }),
  v.examples([{ severity: "major", text: "Motor is hot", time: "2024-05-02T18:59:21Z" }]),
);
