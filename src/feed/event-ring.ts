import type { EntityId } from "../bus/entity-id.ts";
import type { EventKind } from "./event-document.ts";

/** One change as it is kept and handed on. */
export interface FeedEvent {
  /** A `reset` is for everybody. */
  readonly kind: EventKind | "reset";
  /** The entity itself first, and all above it at the time, also those that it was taken away from. Of a `reset` empty. */
  readonly path: readonly EntityId[];
  /** The document of the event, JSON on one line. */
  readonly text: string;
}

export interface NumberedEvent extends FeedEvent {
  /** From 1, without a gap. */
  readonly sequence: number;
}

export interface RingLimits {
  readonly events: number;
  /** What the documents take as UTF-8, with an allowance for what goes with each. */
  readonly bytes: number;
}

/** The last changes, the oldest of which make room for new ones. The newest is kept whatever its size. */
export interface EventRing {
  /** Sequence of the oldest that is kept; `next` when there is none. */
  readonly first: number;
  /** Sequence that the next change gets. */
  readonly next: number;
  readonly bytes: number;
  append(event: FeedEvent): NumberedEvent;
  at(sequence: number): NumberedEvent | undefined;
}

/** Bytes beside the document. */
const ALLOWANCE = 200;
const COMPACT_FROM = 1_024;

export function createEventRing(limits: RingLimits): EventRing {
  let cells: (NumberedEvent | undefined)[] = [];
  /** Cells in front that hold nothing any more. */
  let start = 0;
  let next = 1;
  let bytes = 0;

  const size = ({ text }: FeedEvent) => Buffer.byteLength(text) + ALLOWANCE;

  const dropOldest = () => {
    const oldest = cells[start];
    if (oldest !== undefined) bytes -= size(oldest);
    cells[start] = undefined;
    start += 1;
    if (start < COMPACT_FROM || start * 2 < cells.length) return;
    cells = cells.slice(start);
    start = 0;
  };

  const count = () => cells.length - start;

  return {
    get first() {
      return next - count();
    },
    get next() {
      return next;
    },
    get bytes() {
      return bytes;
    },
    append(event) {
      const numbered: NumberedEvent = { ...event, sequence: next };
      next += 1;
      cells.push(numbered);
      bytes += size(numbered);
      while (count() > 1 && (count() > limits.events || bytes > limits.bytes)) dropOldest();
      return numbered;
    },
    at: (sequence) => (sequence < next - count() ? undefined : cells[cells.length - (next - sequence)]),
  };
}
