import * as v from "valibot";
import { type Json, parseJson, stringifySorted } from "../../base/json.ts";
import { defaultScheme, type EntityId } from "../entity-id.ts";

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
  const time = format === "unix" ? now / 1_000 : new Date(now).toISOString();
  return stringifySorted({ pid, status: "up", time });
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
  const json = parseJson(payload ?? "");
  const parsed = v.safeParse(HEALTH, json.ok ? json.value : undefined);
  if (!parsed.success) return { status: "unknown" };
  const { status, pid, time } = parsed.output;
  return { status, ...(pid === undefined ? {} : { pid }), ...(time === undefined ? {} : { time }) };
}

const MOSQUITTO: Readonly<Record<string, string>> = { "1": "up", "0": "down" };

function isMosquittoBridge(service: EntityId): boolean {
  const scheme = defaultScheme(service);
  return scheme?.kind === "service" && /^mosquitto-.*-bridge$/.test(scheme.service);
}

/** A JSON number, also one whose spelling was kept. */
const NUMBER = v.pipe(
  v.custom<Json>((input) => typeof input === "number" || JSON.isRawJSON(input)),
  v.transform((input) => Number(typeof input === "number" ? input : JSON.stringify(input))),
);

const TIME = v.union([
  v.pipe(
    NUMBER,
    v.transform((seconds) => seconds * 1_000),
  ),
  v.pipe(
    v.string(),
    v.isoTimestamp(),
    v.transform((text) => Date.parse(text)),
  ),
]);

const HEALTH = v.object({
  status: v.fallback(v.pipe(v.string(), v.nonEmpty()), "unknown"),
  pid: v.fallback(v.optional(v.pipe(NUMBER, v.integer(), v.minValue(0))), undefined),
  time: v.fallback(v.optional(TIME), undefined),
});
