import type { DeliveredEvent } from "../../feed/feed.ts";

/**
 * The wire format of Server-Sent Events (WHATWG HTML, "Server-sent events"). Every text that comes in here is of one line: data is JSON,
 * in which line ends are escaped.
 */
export function eventFrame({ kind, id, text }: DeliveredEvent): string {
  return `event: ${kind}\nid: ${id}\ndata: ${text}\n\n`;
}

/** An event that a client does not resume from: the id that it keeps stays the one before. */
export function controlFrame(kind: string, text: string): string {
  return `event: ${kind}\ndata: ${text}\n\n`;
}

/** Lets the client keep an id without an event being dispatched, as a block without data does. */
export function idFrame(id: string): string {
  return `id: ${id}\n\n`;
}

/** Milliseconds that a client should wait before it connects again. */
export function retryField(milliseconds: number): string {
  return `retry: ${milliseconds}\n`;
}

/** A comment: keeps connections alive and means nothing. */
export function commentFrame(text: string): string {
  return `: ${text}\n\n`;
}
