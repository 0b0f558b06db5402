import { expect, test } from "bun:test";
import fc from "fast-check";
import { createFeed, type FillableFeed } from "../../src/feed/create-feed.ts";
import type { EventKind } from "../../src/feed/event-document.ts";
import { eventStream } from "../../src/http/events/event-stream.ts";
import { anEvent } from "../unit/feed/an-event.ts";
import { SseClient } from "../unit/http/events/sse-client.ts";
import { type SimulatedClock, simulatedClock } from "./simulated-clock.ts";

const KINDS: readonly EventKind[] = ["twin", "alarm", "health"];
/** What each client follows. */
const WANTED: readonly (readonly EventKind[])[] = [KINDS, ["alarm"], ["twin", "health"]];
const HISTORY = 20;

/** Kinds of all events so far; the number of an event is its place, from 1. */
type Past = EventKind[];

/** A client on a bad line: it reads when it likes, is cut off within a message, and comes back with the last id that it saw. */
class Client {
  resets = 0;
  overflows = 0;
  received = 0;
  private readonly kinds: ReadonlySet<EventKind>;
  private readonly world: { readonly feed: FillableFeed; readonly clock: SimulatedClock; readonly past: Past };
  private reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  private parser = new SseClient();
  private isReading = false;
  private inbox: string[] = [];
  /** Every event up to this one was received, was not wanted, or is covered by a reset. */
  private position = 0;

  constructor(kinds: readonly EventKind[], world: Client["world"]) {
    this.kinds = new Set(kinds);
    this.world = world;
  }

  connect(): void {
    if (this.reader !== undefined) return;
    const { feed, clock, past } = this.world;
    const { lastEventId } = this.parser;
    const options = { filter: { kinds: this.kinds }, ...(lastEventId === "" ? {} : { lastEventId }) };
    const stream = eventStream(feed, options, clock);
    if (!stream.ok) throw new Error(stream.fault.message);
    this.parser = new SseClient(lastEventId);
    // Who never saw an id is new.
    if (lastEventId === "") this.position = past.length;
    this.reader = stream.value.getReader();
  }

  /** Asks for one piece of the stream, which may be there at once or come later. */
  async read(): Promise<void> {
    const { reader } = this;
    if (reader === undefined || this.isReading) return;
    this.isReading = true;
    const { done, value } = await reader.read();
    if (reader !== this.reader) return;
    this.isReading = false;
    if (done) this.leave();
    else this.inbox.push(new TextDecoder().decode(value));
  }

  take(): void {
    for (const piece of this.inbox.splice(0)) this.interpret(piece);
  }

  /** Of what has arrived only a part is seen. */
  cut(part: number): void {
    const { reader } = this;
    const arrived = this.inbox.splice(0).join("");
    if (reader === undefined) return;
    this.interpret(arrived.slice(0, Math.floor(arrived.length * part)));
    this.leave();
    void reader.cancel();
  }

  /** Comes back and reads until there is nothing more. */
  async catchUp(): Promise<void> {
    for (let round = 0; round < 10 * HISTORY; round += 1) {
      this.connect();
      void this.read();
      await this.world.clock.advance(0);
      this.take();
    }
    expect(this.missed(this.world.past.length)).toEqual([]);
  }

  private leave(): void {
    this.reader = undefined;
    this.isReading = false;
  }

  private interpret(piece: string): void {
    for (const line of piece.split(/(?<=\n\n)/)) {
      const before = this.parser.lastEventId;
      this.parser.feed(line);
      const [event] = this.parser.events.splice(0);
      if (event !== undefined) this.note(event.type, Number(event.data));
      // An id without an event says that nothing was missed up to there, or stands before a reset.
      else if (this.parser.lastEventId !== before && !piece.includes("event: reset")) this.skipTo(this.idNumber());
    }
  }

  private note(type: string, number: number): void {
    if (type === "overflow") this.overflows += 1;
    else if (type === "reset") this.reset();
    else {
      expect(this.missed(number - 1)).toEqual([]);
      expect(number).toBeGreaterThan(this.position);
      expect(this.kinds.has(this.world.past[number - 1] ?? "config")).toBe(true);
      this.position = number;
      this.received += 1;
    }
  }

  /** Only what is kept no longer may be missed. */
  private reset(): void {
    const at = this.idNumber();
    expect(at - this.position).toBeGreaterThan(HISTORY);
    this.position = at;
    this.resets += 1;
  }

  private skipTo(number: number): void {
    expect(this.missed(number)).toEqual([]);
    this.position = Math.max(this.position, number);
  }

  /** Wanted events behind the position and up to `number`. */
  private missed(number: number): number[] {
    const from = this.position;
    return this.world.past
      .slice(from, number)
      .flatMap((kind, index) => (this.kinds.has(kind) ? [from + index + 1] : []));
  }

  private idNumber(): number {
    return Number(this.parser.lastEventId.split("-")[1]);
  }
}

const client = fc.nat(WANTED.length - 1);
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("append" as const), event: fc.constantFrom(...KINDS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("burst" as const), count: fc.nat(2 * HISTORY) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("read" as const, "take" as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("connect" as const), client }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("cut" as const),
      client,
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("time" as const), milliseconds: fc.nat(40_000) }) },
);

test("however clients read, are cut off and resume, each gets every event once and in order, or a reset", async () => {
  let [received, resets, overflows] = [0, 0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 150 }), async (actions) => {
      const clock = simulatedClock();
      const past: Past = [];
      const history = { events: HISTORY, bytes: 1_000_000 };
      const feed = createFeed({ history, readers: 100, clock, random: () => 0 });
      const clients = WANTED.map((kinds) => new Client(kinds, { feed, clock, past }));
      const append = (kind: EventKind) => {
        past.push(kind);
        feed.append(anEvent(String(past.length), kind));
      };
      for (const one of clients) one.connect();
      for (const step of actions) {
        if (step.kind === "append") append(step.event);
        else if (step.kind === "burst")
          for (let count = 0; count < step.count; count += 1) append(KINDS[count % 3] ?? "twin");
        else if (step.kind === "time") await clock.advance(step.milliseconds);
        else if (step.kind === "read") void clients[step.client]?.read();
        else if (step.kind === "take") clients[step.client]?.take();
        else if (step.kind === "cut") clients[step.client]?.cut(step.part);
        else clients[step.client]?.connect();
        await clock.advance(0);
      }
      for (const one of clients) {
        await one.catchUp();
        received += one.received;
        resets += one.resets;
        overflows += one.overflows;
      }
      feed.end();
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 200 },
  );
  // The property would hold for a feed that does nothing too.
  expect(Math.min(received, resets, overflows)).toBeGreaterThan(10);
}, 30_000);
