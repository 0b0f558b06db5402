import type { Clock } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { ok, type Result } from "../../base/result.ts";
import type { OverflowDocument, ResetDocument } from "../../feed/event-document.ts";
import type { Delivery, Feed, FeedReader, LeaveReason, OpenFault, OpenOptions } from "../../feed/feed.ts";
import { commentFrame, controlFrame, eventFrame, idFrame, retryField } from "./sse-frame.ts";

/** Milliseconds. */
const RETRY = 2_000;

/**
 * The body of an event stream: an id to resume from, with a reset if that leaves a gap, then events as they come. Nothing is taken from the
 * feed before the client has room for it, so a slow one costs one delivery and not more.
 */
export function eventStream(
  feed: Feed,
  options: Omit<OpenOptions, "onLeft">,
  clock: Clock,
): Result<ReadableStream<Uint8Array>, OpenFault> {
  const encoder = new TextEncoder();
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  const write = (text: string) => output?.enqueue(encoder.encode(text));
  const finish = () => {
    output?.close();
    output = undefined;
  };

  const onLeft = (reason: LeaveReason) => {
    if (reason === "slow") write(overflowFrame(timeOf(clock)));
    finish();
  };

  const opened = feed.open({ ...options, onLeft });
  if (!opened.ok) return opened;
  const reader = opened.value;
  const stream: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      output = controller;
      write(openingFrames(reader, timeOf(clock)));
    },
    async pull() {
      const delivery = await reader.next();
      if (delivery !== undefined) write(frames(delivery));
    },
    cancel() {
      output = undefined;
      reader.close();
    },
  };
  return ok(new ReadableStream(stream, { highWaterMark: 0 }));
}

function openingFrames({ from, reset }: FeedReader, time: string): string {
  const opening = `${retryField(RETRY)}${idFrame(from)}`;
  if (reset === undefined) return opening;
  const document: ResetDocument = { kind: "reset", time, reason: reset };
  return opening + controlFrame("reset", JSON.stringify(document));
}

function overflowFrame(time: string): string {
  const document: OverflowDocument = { kind: "overflow", time };
  return controlFrame("overflow", JSON.stringify(document));
}

function frames(delivery: Delivery): string {
  switch (delivery.kind) {
    case "events":
      return delivery.events.map(eventFrame).join("");
    case "heartbeat":
      return commentFrame("heartbeat") + (delivery.id === undefined ? "" : idFrame(delivery.id));
    default:
      return exhaustive(delivery);
  }
}

function timeOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
