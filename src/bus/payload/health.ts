import * as v from "valibot";
import { stringifySorted } from "../../base/json.ts";
import { defaultScheme, type EntityId } from "../entity-id.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import { TIME_SCHEMA, timeOfNumber, timeOfText } from "./time-value.ts";
import { timestampOf, wholeMilliseconds } from "./timestamp.ts";

/** `service.timestamp_format` (spec/mqtt-api §9). */
export const TIMESTAMP_FORMATS = ["unix", "rfc-3339"] as const;
export type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

/** What a service says about itself on `<service>/status/health`. */
export interface Health {
  /** `up`, `down`, `unknown`, or whatever word the service uses. */
  readonly status: string;
  readonly pid?: number;
  /** Milliseconds since the epoch. */
  readonly time?: number;
}

/** `{"pid":1234,"status":"up","time":1714676361.36}`; `now` in milliseconds since the epoch. */
export function healthUp(pid: number, now: number, format: TimestampFormat): string {
  const text = format === "unix" ? undefined : formatRfc3339(timestampOf(now));
  return stringifySorted({ pid, status: "up", time: text?.ok ? text.value : now / 1_000 });
}

/** `{"pid":1234,"status":"down"}`, without a time, since as a will it is written long before. */
export function healthDown(pid: number): string {
  return stringifySorted({ pid, status: "down" });
}

/**
 * Reads the health of any service. What cannot be understood is `unknown`, and of the other members only what is sound is taken
 * (spec/mqtt-api §9). The bridges of mosquitto write `1` and `0`.
 */
export function parseHealth(service: EntityId, payload: string | undefined): Health {
  if (isMosquittoBridge(service)) return { status: MOSQUITTO[payload?.trim() ?? ""] ?? "unknown" };
  const parsed = v.safeParse(HEALTH_TEXT, payload ?? "");
  if (!parsed.success) return { status: "unknown" };
  const { status, pid, time: givenTime } = parsed.output;
  const time = givenTime === undefined ? undefined : millisecondsOf(givenTime);
  return { status, ...(pid === undefined ? {} : { pid }), ...(time === undefined ? {} : { time }) };
}

function millisecondsOf(time: number | string): number | undefined {
  const parsed = typeof time === "string" ? timeOfText(time) : timeOfNumber(String(time));
  return parsed.ok ? wholeMilliseconds(parsed.value) : undefined;
}

const MOSQUITTO: Readonly<Record<string, string>> = { "1": "up", "0": "down" };

function isMosquittoBridge(service: EntityId): boolean {
  const scheme = defaultScheme(service);
  return scheme?.kind === "service" && /^mosquitto-.*-bridge$/.test(scheme.service);
}

/** The payload of `<service>/status/health`; of a mosquitto bridge it is `1` or `0` instead (spec/mqtt-api §9). */
export const HEALTH_SCHEMA = v.pipe(
  v.object({
    status: v.fallback(
      v.pipe(v.string(), v.nonEmpty(), v.description("up, down, or a word of the service")),
      "unknown",
    ),
    pid: v.fallback(v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))), undefined),
    time: v.fallback(v.optional(TIME_SCHEMA), undefined),
  }),
  v.examples([{ pid: 1234, status: "up", time: 1_714_676_361.36 }]),
);

const HEALTH_TEXT = v.pipe(v.string(), v.parseJson(), HEALTH_SCHEMA);
