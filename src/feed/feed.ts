import type { Fault } from "../base/fault.ts";
import type { Result } from "../base/result.ts";
import type { EventKind } from "./event-document.ts";
import type { EventFilter } from "./event-filter.ts";
import type { ResetReason } from "./feed.machine.ts";

/** Where changes of the bus can be followed. */
export interface Feed {
  /** Code `too-many-readers`, or `ended` when the agent is about to stop. */
  open(options: OpenOptions): Result<FeedReader, OpenFault>;
}

export type OpenFault = Fault<"too-many-readers" | "ended">;

export interface OpenOptions {
  readonly filter: EventFilter;
  /** Id of the last event that the reader had of an earlier reader, whatever its filter was; without it, only what comes is delivered. */
  readonly lastEventId?: string;
  /** Called once when the feed lets the reader go by itself; nothing is delivered after that. */
  readonly onLeft: (reason: LeaveReason) => void;
}

/** `slow`: it took nothing for too long, or the feed does not keep any more what it had not taken; `ended`: the agent stops. */
export type LeaveReason = "slow" | "ended";

/** Someone who follows. It holds nothing: what was not taken is in the feed's history. */
export interface FeedReader {
  /** Everything after the event of this id is delivered. */
  readonly from: string;
  /** Set when that is not what was asked for: changes before `from` were missed. */
  readonly reset?: ResetReason;
  /** Resolves with what is next, once there is something; `undefined` when the reader is closed. One call at a time. */
  next(): Promise<Delivery | undefined>;
  /** May be called at any time, also twice. */
  close(): void;
}

export type Delivery =
  | { readonly kind: "events"; readonly events: readonly DeliveredEvent[] }
  /** Nothing happened for a while. With `id`, changes passed that the reader did not select: it may resume behind them. */
  | { readonly kind: "heartbeat"; readonly id?: string };

export interface DeliveredEvent {
  readonly id: string;
  readonly kind: EventKind | "reset";
  /** JSON on one line, as described by `STREAM_EVENT_SCHEMA`. */
  readonly text: string;
}
