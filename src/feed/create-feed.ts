import type { Clock } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { fault } from "../base/fault.ts";
import { err, ok } from "../base/result.ts";
import { createEventIds } from "./event-id.ts";
import { createEventRing, type FeedEvent, type RingLimits } from "./event-ring.ts";
import {
  type After,
  createFeedState,
  type FeedEffect,
  type FeedInput,
  feedMachine,
  type ReaderKey,
  type ResetReason,
} from "./feed.machine.ts";
import type { Feed, LeaveReason, OpenOptions } from "./feed.ts";
import { openDesk, type ReaderDesk } from "./reader-desk.ts";

export interface FeedOptions {
  readonly history: RingLimits;
  /** Readers at one time. */
  readonly readers: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A feed and how to fill it. */
export interface FillableFeed extends Feed {
  /** False until there was a reader: nobody can have an id to resume from, so nothing needs to be kept. */
  readonly isFollowed: boolean;
  append(event: FeedEvent): void;
  /** All readers leave, and no new ones come. */
  end(): void;
}

interface Seat {
  readonly desk: ReaderDesk;
  readonly onLeft: (reason: LeaveReason) => void;
  start: { readonly position: number; readonly reset?: ResetReason };
}

export function createFeed({ history, readers, clock, random }: FeedOptions): FillableFeed {
  const ids = createEventIds(random);
  const step = feedMachine(createFeedState(createEventRing(history)));
  const seats = new Map<ReaderKey, Seat>();
  let isFollowed = false;
  let hasEnded = false;

  const send = (input: FeedInput) => {
    for (const effect of step(input)) perform(effect);
  };

  const perform = (effect: FeedEffect): void => {
    const seat = seats.get(effect.reader);
    if (seat === undefined) return;
    switch (effect.kind) {
      case "opened":
        seat.start = effect;
        return;
      case "deliver": {
        const events = effect.events.map(({ sequence, kind, text }) => ({ id: ids.format(sequence), kind, text }));
        return seat.desk.answer({ kind: "events", events });
      }
      case "heartbeat": {
        const { position } = effect;
        return seat.desk.answer({ kind: "heartbeat", ...(position === undefined ? {} : { id: ids.format(position) }) });
      }
      case "overrun":
        return dismiss(effect.reader, "slow");
      default:
        return exhaustive(effect);
    }
  };

  const close = (reader: ReaderKey) => {
    const seat = seats.get(reader);
    seats.delete(reader);
    send({ kind: "close", reader });
    seat?.desk.close();
    return seat;
  };

  const dismiss = (reader: ReaderKey, reason: LeaveReason) => close(reader)?.onLeft(reason);

  const seatReader = ({ filter, lastEventId, onLeft }: OpenOptions) => {
    const reader = Symbol("reader");
    const after: After = lastEventId === undefined ? "now" : (ids.parse(lastEventId) ?? "lost");
    const desk = openDesk({
      clock,
      onQuiet: () => send({ kind: "quiet", reader }),
      onStalled: () => dismiss(reader, "slow"),
    });
    const seat: Seat = { desk, onLeft, start: { position: 0 } };
    seats.set(reader, seat);
    send({ kind: "open", reader, filter, after });
    return { reader, ...seat };
  };

  return {
    get isFollowed() {
      return isFollowed;
    },
    append: (event) => send({ kind: "event", event }),
    open(options) {
      if (hasEnded) return err(fault("ended", "The agent is about to stop"));
      if (seats.size >= readers) {
        return err(fault("too-many-readers", `Too many event streams: at most ${readers} may be open at one time`));
      }
      isFollowed = true;
      const { reader, desk, start } = seatReader(options);
      return ok({
        from: ids.format(start.position),
        ...(start.reset === undefined ? {} : { reset: start.reset }),
        next() {
          if (!seats.has(reader)) return Promise.resolve(undefined);
          const delivery = desk.wait();
          send({ kind: "want", reader });
          return delivery;
        },
        close: () => void close(reader),
      });
    },
    end() {
      hasEnded = true;
      for (const reader of [...seats.keys()]) dismiss(reader, "ended");
    },
  };
}
