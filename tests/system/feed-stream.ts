import * as v from "valibot";
import { STREAM_EVENT_SCHEMA } from "../../src/feed/event-document.ts";
import { SseClient } from "../unit/http/events/sse-client.ts";
import { type RunningProgram, startProgram } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

/** A curl that follows an event stream. */
export interface FollowingCurl extends AsyncDisposable {
  /** The events so far, in words: `device/x// alarm raised hot`. */
  events(): readonly string[];
  /** Resolves with all events so far once `event` is among them. */
  until(event: string): Promise<readonly string[]>;
  /** What a browser would resume from. */
  lastEventId(): string;
  /** Resolves with the exit code once the server has ended the stream. */
  readonly ended: Promise<number>;
  stop(): Promise<unknown>;
}

/** Resolves once the stream is open. */
export async function follow(url: string, lastEventId?: string): Promise<FollowingCurl> {
  const resume = lastEventId === undefined ? [] : ["-H", `Last-Event-ID: ${lastEventId}`];
  const program = startProgram(["curl", "--silent", "--no-buffer", ...resume, url]);
  await program.find("the stream is open", (line) => line.startsWith("id: ") || undefined);
  const client = () => interpret(program);
  const events = () => client().events.map(({ data }) => inWords(data));
  return {
    events,
    until: (event) =>
      waitUntil(`curl gets ${event}`, () => {
        const all = events();
        return all.includes(event) && all;
      }),
    lastEventId: () => client().lastEventId,
    ended: program.exited,
    stop: program.stop,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function interpret(program: RunningProgram): SseClient {
  const client = new SseClient();
  client.feed(
    program
      .lines()
      .map((line) => `${line}\n`)
      .join(""),
  );
  return client;
}

const DETAILS = ["key", "type", "operation", "status", "reason"];

export function inWords(data: string): string {
  const event = v.parse(STREAM_EVENT_SCHEMA, JSON.parse(data));
  const details = DETAILS.flatMap((name) => (name in event ? Reflect.get(event, name) : []));
  const subject = "id" in event ? [event.id, event.kind, event.change] : [event.kind];
  return [...subject, ...details].join(" ");
}
