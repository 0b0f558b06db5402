import { exhaustive } from "../base/exhaustive.ts";

/** What a message on the topic of an entity is about: the part of the topic behind the four segments (spec/mqtt-api §2.1). */
export type Channel =
  | { readonly kind: "registration" }
  | { readonly kind: "twin"; readonly key: string }
  | { readonly kind: "config" }
  | { readonly kind: "measurement" | "event" | "alarm"; readonly type: string }
  | { readonly kind: "measurement-meta" | "event-meta" | "alarm-meta"; readonly type: string }
  | { readonly kind: "capability"; readonly operation: string }
  | { readonly kind: "command"; readonly operation: string; readonly id: string }
  | { readonly kind: "health-check" }
  | { readonly kind: "status"; readonly component: string }
  | { readonly kind: "signal"; readonly type: string };

export type ChannelKind = Channel["kind"];

const TELEMETRY = { m: "measurement", e: "event", a: "alarm" } as const;

/** Reads the segments behind the entity id; `undefined` when they make no channel. */
export function parseChannel(segments: readonly string[]): Channel | undefined {
  const [first, second, third] = segments;
  switch (segments.length) {
    case 0:
      return { kind: "registration" };
    case 1:
      return first === "" ? { kind: "registration" } : first === "config" ? { kind: "config" } : undefined;
    case 2:
      return second === undefined ? undefined : parsePair(first, second);
    case 3:
      return second === undefined || third === undefined ? undefined : parseTriple(first, second, third);
    default:
      return undefined;
  }
}

function parsePair(first: string | undefined, second: string): Channel | undefined {
  switch (first) {
    case "m":
    case "e":
    case "a":
      return { kind: TELEMETRY[first], type: second };
    case "twin":
      return { kind: "twin", key: second };
    case "cmd":
      return { kind: "capability", operation: second };
    case "status":
      return { kind: "status", component: second };
    case "signal":
      return { kind: "signal", type: second };
    default:
      return undefined;
  }
}

function parseTriple(first: string | undefined, second: string, third: string): Channel | undefined {
  switch (first) {
    case "m":
    case "e":
    case "a":
      return third === "meta" ? { kind: `${TELEMETRY[first]}-meta`, type: second } : undefined;
    case "cmd":
      if (second === "health" && third === "check") return { kind: "health-check" };
      return { kind: "command", operation: second, id: third };
    default:
      return undefined;
  }
}

/** The part of a topic behind the entity id, with its leading slash; empty for a registration. */
export function formatChannel(channel: Channel): string {
  switch (channel.kind) {
    case "registration":
      return "";
    case "config":
      return "/config";
    case "twin":
      return `/twin/${channel.key}`;
    case "measurement":
      return `/m/${channel.type}`;
    case "event":
      return `/e/${channel.type}`;
    case "alarm":
      return `/a/${channel.type}`;
    case "measurement-meta":
      return `/m/${channel.type}/meta`;
    case "event-meta":
      return `/e/${channel.type}/meta`;
    case "alarm-meta":
      return `/a/${channel.type}/meta`;
    case "capability":
      return `/cmd/${channel.operation}`;
    case "command":
      return `/cmd/${channel.operation}/${channel.id}`;
    case "health-check":
      return "/cmd/health/check";
    case "status":
      return `/status/${channel.component}`;
    case "signal":
      return `/signal/${channel.type}`;
    default:
      return exhaustive(channel);
  }
}
