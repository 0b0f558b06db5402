import { type Fault, fault } from "../../src/base/fault.ts";
import type { Log } from "../../src/base/log.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { Message, QoS, ReceivedMessage } from "../../src/bus/message.ts";
import type { PublishOutcome } from "../../src/bus/participant.ts";
import { topicSchema } from "../../src/bus/topic.ts";
import { matchesFilter } from "../../src/bus/topic-filter.ts";
import type { Journal } from "../../src/twin/journal.ts";
import { formatJournalLine, JOURNAL_HEADER, type JournalLine } from "../../src/twin/journal-line.ts";
import { createTwinOn, type TwinKeeper } from "../../src/twin/keeper.ts";
import { simulatedClock } from "./simulated-clock.ts";

/** A disk that holds one file, and fails or tears when told. */
export class SimulatedDisk implements Journal {
  readonly path = "/state/entity_store.jsonl";
  text = "";
  isFull = false;
  writes = 0;
  /** The next write stops after this part of its bytes, and the process dies with it: the write never returns. */
  tearAt: number | undefined;

  async read() {
    return ok(this.text);
  }

  append(lines: readonly JournalLine[]): Promise<Result<undefined, Fault<"disk-full">>> {
    return this.write(this.text, (this.text.endsWith("\n") ? "" : "\n") + textOf(lines));
  }

  rewrite(lines: readonly JournalLine[]): Promise<Result<undefined, Fault<"disk-full">>> {
    const text = `${JOURNAL_HEADER}\n${textOf(lines)}`;
    if (this.tearAt === undefined) return this.write("", text);
    // Replaced whole or not at all.
    if (this.tearAt >= RENAMED) this.text = text;
    return NEVER;
  }

  private async write(before: string, added: string): Promise<Result<undefined, Fault<"disk-full">>> {
    if (this.tearAt !== undefined) {
      this.text = before + added.slice(0, Math.floor(added.length * this.tearAt));
      return NEVER;
    }
    if (this.isFull) return err(fault("disk-full", "No space left"));
    this.writes += 1;
    this.text = before + added;
    return ok();
  }
}

/** A rewriting that has got so far, of 1, has put the new file in the place of the old one. */
const RENAMED = 0.5;
const MOST_ROUNDS = 50;
const NEVER = new Promise<never>(() => undefined);

function textOf(lines: readonly JournalLine[]): string {
  return lines.map((line) => `${formatJournalLine(line)}\n`).join("");
}

/** Somebody reads what is retained, over a connection beside the session. */
interface Reading {
  readonly waiting: Message[];
  readonly onMessage: (message: ReceivedMessage) => void;
  readonly end: (result: Result<undefined>) => void;
}

/** Milliseconds. */
const QUIET = 1_000;

interface Outgoing {
  readonly message: Message;
  readonly settle: (outcome: PublishOutcome) => void;
}

export interface TwinWorldOptions {
  readonly autoRegister?: boolean;
  readonly cleanStart?: boolean;
  /** So many retained messages at most come over the session, as a broker queues only so many. Default: all. */
  readonly sessionRetained?: number;
  readonly journal?: Journal;
  /** Called with each process's twin once it has read the disk. */
  readonly opened?: (twin: TwinKeeper) => void;
}

/**
 * A main agent's twin, a disk, and a broker that keeps retained messages and the agent's session. Nothing moves by itself: a test delivers,
 * flushes and lets time pass as it likes, or says `settle`.
 */
export class TwinWorld {
  readonly clock = simulatedClock();
  readonly disk = new SimulatedDisk();
  readonly schema = topicSchema("te");
  readonly retained = new Map<string, Message>();
  /** `level text` of everything logged above debug. */
  readonly logged: string[] = [];
  /** What the agent published and the broker got, since `take` was called last. */
  private published: Message[] = [];
  private outbox: Outgoing[] = [];
  private inbox: ReceivedMessage[] = [];
  private readings: Reading[] = [];
  private hasSession = false;
  private isConnected = false;
  private readonly options: TwinWorldOptions;
  private process = 0;
  twin: TwinKeeper;

  constructor(options: TwinWorldOptions = {}) {
    this.options = options;
    this.twin = this.createTwin();
  }

  /** Starts the agent's process and connects it; `prepare` gets the twin before it reads the disk. */
  async start(prepare: (twin: TwinKeeper) => void = () => undefined): Promise<void> {
    this.twin = this.createTwin();
    prepare(this.twin);
    await this.twin.open(new AbortController().signal);
    this.options.opened?.(this.twin);
    await this.connect(true);
  }

  async connect(first: boolean): Promise<void> {
    const sessionPresent = this.hasSession;
    this.isConnected = true;
    this.hasSession = true;
    if (first || !sessionPresent) {
      const filters = this.twin.participant.subscriptions.map(({ filter }) => filter);
      for (const message of this.retainedBelow(filters).slice(0, this.options.sessionRetained)) {
        this.inbox.push({ ...message, retain: true, dup: false });
      }
    }
    this.distribute(this.birth());
    await this.twin.participant.connected?.({ first, sessionPresent });
  }

  /** What each process says first on each connection, of an entity that is always known. */
  private birth(): Message {
    const payload = new TextEncoder().encode(`{"pid":${this.process},"status":"up"}`);
    return { topic: "te/device/main///status/health", payload, qos: 1, retain: true };
  }

  /** The process is killed: what it had not sent is lost, what it had not acknowledged is delivered again. */
  crash(): void {
    this.isConnected = false;
    this.process += 1;
    this.outbox = [];
    this.readings = [];
    // Retained messages come anew with the next subscription.
    this.inbox = this.inbox.filter((message) => !message.retain);
  }

  async stop(): Promise<void> {
    await this.twin.stop();
    await this.flush();
    this.crash();
  }

  /** The broker dies and comes back without anything, or with its retained messages only. */
  async loseBroker(what: "session" | "everything"): Promise<void> {
    this.isConnected = false;
    this.hasSession = false;
    this.inbox = [];
    for (const { end } of this.readings.splice(0)) end(err(fault("gone", "The connection broke")));
    if (what === "everything") this.retained.clear();
    await this.connect(false);
  }

  /** Somebody publishes. */
  publish(topic: string, payload: unknown, options: { readonly retain?: boolean; readonly qos?: QoS } = {}): void {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const { retain = true, qos = 1 } = options;
    this.distribute({ topic, payload: new TextEncoder().encode(text), qos, retain });
  }

  get waitingOut(): number {
    return this.outbox.length;
  }

  get waitingIn(): number {
    return this.inbox.length + this.readings.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** The broker takes the agent's oldest publication. */
  async flushOne(): Promise<void> {
    const next = this.isConnected ? this.outbox.shift() : undefined;
    if (next === undefined) return;
    this.published.push(next.message);
    this.distribute(next.message);
    next.settle("delivered");
    await this.committed();
  }

  /** The agent takes the broker's oldest delivery. */
  async deliverOne(): Promise<void> {
    const next = this.isConnected ? this.inbox[0] : undefined;
    if (next === undefined) return;
    await this.twin.participant.receive(next);
    this.inbox.shift();
    await this.committed();
  }

  /** Somebody who reads what is retained gets the next of it. */
  async readOne(): Promise<void> {
    const reading = this.readings.find(({ waiting }) => waiting.length > 0);
    const next = reading?.waiting.shift();
    if (reading === undefined || next === undefined) return;
    reading.onMessage({ ...next, qos: 0, retain: true, dup: false });
    this.endWhenEmpty(reading);
    await this.committed();
  }

  /** The process dies while it writes what the next delivery makes it write; `part` of that is on disk. */
  async crashWhileDelivering(part: number): Promise<void> {
    const next = this.inbox[0];
    if (next === undefined) return this.crash();
    this.disk.tearAt = part;
    void this.twin.participant.receive(next);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    this.disk.tearAt = undefined;
    this.inbox[0] = { ...next, dup: !next.retain };
    this.crash();
  }

  async flush(): Promise<void> {
    while (this.waitingOut > 0 && this.isConnected) await this.flushOne();
  }

  /** Everything that is under way arrives, and so much time passes that nothing is waited for any more. */
  async settle(): Promise<void> {
    let rounds = 0;
    for (let quiet = 0; quiet < 3; rounds += 1) {
      if (rounds > MOST_ROUNDS) throw new Error(`The twin does not come to rest: ${this.take().slice(-5).join("; ")}`);
      const before = this.waitingIn + this.waitingOut;
      for (let step = 0; step < 1_000 && this.isConnected && this.waitingIn + this.waitingOut > 0; step += 1) {
        await this.flush();
        await this.deliverOne();
        await this.readOne();
      }
      await this.clock.advance(2_000);
      await this.committed();
      quiet = before + this.waitingIn + this.waitingOut === 0 ? quiet + 1 : 0;
    }
  }

  /** What the agent published since the last call: `topic payload`, and `R` when retained. */
  take(): string[] {
    return this.published.splice(0).map(({ topic, payload, retain }) => {
      return `${topic} ${retain ? "R " : ""}${new TextDecoder().decode(payload)}`.trim();
    });
  }

  retainedText(topic: string): string | undefined {
    const message = this.retained.get(topic);
    return message === undefined ? undefined : new TextDecoder().decode(message.payload);
  }

  /** A message that is none of the twin's passes through its queue behind everything else. */
  private async committed(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) {
      const payload = new Uint8Array(0);
      await this.twin.participant.receive({ topic: "elsewhere", payload, qos: 1, retain: false, dup: false });
    }
  }

  private readRetained(
    filters: readonly string[],
    onMessage: (message: ReceivedMessage) => void,
  ): Promise<Result<undefined>> {
    if (!this.isConnected) return Promise.resolve(err(fault("refused", "The broker is away")));
    return new Promise((end) => {
      const reading = { waiting: this.retainedBelow(filters), onMessage, end };
      this.readings.push(reading);
      this.endWhenEmpty(reading);
    });
  }

  private endWhenEmpty(reading: Reading): void {
    if (reading.waiting.length > 0) return;
    this.clock.after(QUIET, () => {
      this.readings = this.readings.filter((other) => other !== reading);
      reading.end(ok());
    });
  }

  private retainedBelow(filters: readonly string[]): Message[] {
    return [...this.retained.values()].filter(({ topic }) => filters.some((filter) => matchesFilter(filter, topic)));
  }

  private distribute(message: Message): void {
    if (message.retain) {
      if (message.payload.length === 0) this.retained.delete(message.topic);
      else this.retained.set(message.topic, message);
    }
    const isWanted = this.twin.participant.subscriptions.some(({ filter }) => matchesFilter(filter, message.topic));
    if (!this.hasSession || !isWanted || (!this.isConnected && message.qos === 0)) return;
    this.inbox.push({ ...message, retain: false, dup: false });
  }

  private createTwin(): TwinKeeper {
    const process = this.process;
    const birth = this.birth();
    const outbox: Outgoing[] = [];
    this.outbox = outbox;
    return createTwinOn(this.options.journal ?? this.diskOf(this.process), {
      schema: this.schema,
      autoRegister: this.options.autoRegister ?? true,
      cleanStart: this.options.cleanStart ?? false,
      clock: this.clock,
      log: this.log(),
      // A process that was killed publishes nothing more.
      publish: (message) =>
        new Promise((settle) => {
          if (this.outbox === outbox) outbox.push({ message, settle });
        }),
      random: () => 0.5,
      isBirth: ({ topic, payload }) => topic === birth.topic && Buffer.compare(payload, birth.payload) === 0,
      readRetained: (filters, onMessage) => (this.process === process ? this.readRetained(filters, onMessage) : NEVER),
    });
  }

  /** A process that was killed writes nothing more. */
  private diskOf(process: number): Journal {
    const { disk } = this;
    const ifAlive = <T>(work: () => Promise<T>) => (this.process === process ? work() : NEVER);
    return {
      path: disk.path,
      read: () => disk.read(),
      append: (lines) => ifAlive(() => disk.append(lines)),
      rewrite: (lines) => ifAlive(() => disk.rewrite(lines)),
    };
  }

  private log(): Log {
    const note = (level: string) => (text: string) => {
      this.logged.push(`${level} ${text}`);
    };
    return {
      error: note("error"),
      warn: note("warn"),
      info: note("info"),
      debug: () => undefined,
      trace: () => undefined,
    };
  }
}
