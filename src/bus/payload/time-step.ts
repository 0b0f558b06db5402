import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type Json, parseJson, stringifySorted } from "../../base/json.ts";
import { jsonNumber } from "../../base/json-number.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { TimestampFormat } from "./health.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import { timeOfNumber, timeOfText } from "./time-value.ts";
import { type Timestamp, timestampOf, unixSeconds } from "./timestamp.ts";

/** How the first step of a mapper treats the time of a message. */
export interface TimeStep {
  /** Name of the member, normally `time`. */
  readonly property: string;
  readonly format: TimestampFormat;
  /** Whether a time that is there is converted. */
  readonly reformat: boolean;
}

/** Cumulocity's steps (spec/mqtt-api §7.1). */
export const C8Y_MEASUREMENT_TIME: TimeStep = { property: "time", format: "unix", reformat: false };
export const C8Y_EVENT_TIME: TimeStep = { property: "time", format: "rfc-3339", reformat: false };

/** The step of az and aws; `format` is `<cloud>.mapper.timestamp_format`. */
export function reformattingTime(format: TimestampFormat): TimeStep {
  return { property: "time", format, reformat: true };
}

/**
 * Gives a JSON object a time, or its time another format; any other text comes back unchanged, and so does an object that is to keep
 * what it has. `now` in milliseconds since the epoch. A rewritten object has its keys in lexical order and its numbers as received.
 * Code `unconvertible-time`, with the *wire* text.
 */
export function applyTimeStep(text: string, now: number, step: TimeStep): Result<string, Fault<"unconvertible-time">> {
  const json = parseJson(text);
  if (!json.ok || !isJsonObject(json.value)) return ok(text);
  const isPresent = Object.hasOwn(json.value, step.property);
  if (isPresent && !step.reformat) return ok(text);
  const time = isPresent ? convert(json.value[step.property], step.format) : write(timestampOf(now), step.format);
  if (time !== undefined) return ok(stringifySorted({ ...json.value, [step.property]: time }));
  const format = step.format === "unix" ? "unix" : "rfc3339";
  return err(fault("unconvertible-time", `Failed to format message timestamp as ${format}`));
}

/** What already looks like the wanted format is left alone, unchecked. */
function convert(value: Json | undefined, format: TimestampFormat): Json | undefined {
  const isNumber = typeof value === "number" || JSON.isRawJSON(value);
  if (isNumber && format === "unix") return value;
  if (typeof value === "string" && format === "rfc-3339") return value;
  if (!isNumber && typeof value !== "string") return undefined;
  const time = typeof value === "string" ? timeOfText(value) : timeOfNumber(JSON.stringify(value));
  return time.ok ? write(time.value, format) : undefined;
}

function write(time: Timestamp, format: TimestampFormat): Json | undefined {
  if (format === "unix") return jsonNumber(unixSeconds(time));
  const text = formatRfc3339(time);
  return text.ok ? text.value : undefined;
}
