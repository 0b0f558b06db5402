import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { readTelemetryRecord, snippet } from "./telemetry-record.ts";
import { TIME_SCHEMA } from "./time-value.ts";
import type { Timestamp } from "./timestamp.ts";

/** A state that somebody should look at, or its end (spec/mqtt-api §7.6). */
export type AlarmPayload = { readonly kind: "cleared" } | RaisedAlarm;

export interface RaisedAlarm {
  readonly kind: "raised";
  /** Any word; see `ALARM_SEVERITIES`. */
  readonly severity?: string;
  readonly text?: string;
  readonly time?: Timestamp;
  /** Overrides the type of the topic, also when it is empty. */
  readonly type?: string;
  /** Whatever else the sender gave, numbers spelled as received. */
  readonly fragments: JsonObject;
}

export type AlarmFault = Fault<"invalid-alarm">;

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

/** Reads the text of an alarm. The fault's message is the *wire* text, which names `topicType`, the type that the topic gives. */
export function parseAlarm(text: string, topicType: string): Result<AlarmPayload, AlarmFault> {
  if (text === "") return ok({ kind: "cleared" });
  const record = readTelemetryRecord(text, { expected: "struct ThinEdgeAlarmData", texts: ["severity", "text"] });
  if (!record.ok) {
    const about = `Parsing of alarm message for the type: ${topicType} failed due to error: ${record.fault}`;
    return err(fault("invalid-alarm", `Alarm conversion error: ${about}. Snipped payload: ${snippet(text)}`));
  }
  const { texts, time, type, fragments } = record.value;
  const severity = texts.get("severity");
  const alarmText = texts.get("text");
  return ok({
    kind: "raised",
    ...(severity === undefined ? {} : { severity }),
    ...(alarmText === undefined ? {} : { text: alarmText }),
    ...(time === undefined ? {} : { time }),
    ...(type === undefined ? {} : { type }),
    fragments,
  });
}
