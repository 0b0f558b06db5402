import type { CancelTimer, Clock } from "../../src/base/clock.ts";
import type { Exit } from "../../src/base/exec.ts";
import { fault } from "../../src/base/fault.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../src/base/json.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type { Message, ReceivedMessage } from "../../src/bus/message.ts";
import type { Participant, PublishOutcome } from "../../src/bus/participant.ts";
import { matchesFilter } from "../../src/bus/topic-filter.ts";
import type { Disk } from "../../src/operations/disk.ts";
import type { Exec } from "../../src/operations/steps/run-program.ts";
import type { Transfer } from "../../src/operations/steps/transfer.ts";

/** A seeded source of chance (mulberry32). */
export class Chance {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** In [0, 1). */
  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("Nothing to pick from");
    return item;
  }
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly fire: () => void;
}

/** Time that only passes when nothing is left to do at an instant. */
export class SimulatedTime {
  now = 1_700_000_000_000;
  private readonly timers = new Set<Timer>();
  private order = 0;

  after(milliseconds: number, fire: () => void): CancelTimer {
    const timer = { at: this.now + Math.max(0, milliseconds), order: this.order++, fire };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Goes on to the next timer; false when there is none. */
  async step(): Promise<boolean> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    if (next === undefined) return false;
    this.timers.delete(next);
    this.now = Math.max(this.now, next.at);
    next.fire();
    return true;
  }
}

/** One life of the agent: whatever it still had to do is lost when it is killed. */
export class Life {
  alive = true;
  readonly clock: Clock;
  private readonly time: SimulatedTime;

  constructor(time: SimulatedTime) {
    this.time = time;
    this.clock = {
      now: () => time.now,
      monotonic: () => time.now,
      after: (milliseconds, fire) => this.later(milliseconds, fire),
    };
  }

  later(milliseconds: number, fire: () => void): CancelTimer {
    return this.time.after(milliseconds, () => {
      if (this.alive) fire();
    });
  }

  /** Resolves later, or never when the agent dies before. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.later(milliseconds, resolve));
  }
}

/** Files that survive the agent. A write may be on disk although the agent died before it heard of it. */
export class SimulatedDisk {
  readonly files = new Map<string, string>();
  faults = 0;
  private readonly chance: Chance;

  constructor(chance: Chance) {
    this.chance = chance;
  }

  below(directory: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${directory}/`)).sort();
  }

  door(life: Life): Disk {
    const { files, chance } = this;
    const act = async <T>(change: () => T): Promise<Result<T, ReturnType<typeof diskFull>>> => {
      await life.wait(chance.below(3));
      if (chance.happens(this.faults)) return err(diskFull());
      const value = change();
      await life.wait(chance.below(3));
      return ok(value);
    };
    return {
      replace: (path, content) => act(() => void files.set(path, text(content))),
      append: (path, more) => act(() => void files.set(path, (files.get(path) ?? "") + more)),
      remove: (path) => act(() => void files.delete(path)),
      makeDirectory: () => act(() => undefined),
      list: (directory, select) =>
        act(() =>
          this.below(directory)
            .map((path) => ({ name: baseName(path), created: 0 }))
            .filter(({ name }) => select(name)),
        ),
      async read(path, limit) {
        await life.wait(chance.below(2));
        const content = files.get(path);
        if (content === undefined) return err(fault("not-found", `No ${path}`));
        return ok(new TextEncoder().encode(content).subarray(0, limit));
      },
    };
  }
}

interface Subscriber {
  readonly participant: Participant;
  readonly life: Life;
}

/** A broker that keeps retained messages and the session of the agent. */
export class SimulatedBroker {
  readonly retained = new Map<string, string>();
  /** Called for each message that reaches the broker. */
  onMessage: (topic: string, text: string) => void = () => undefined;
  private queue: ReceivedMessage[] = [];
  private subscriber: Subscriber | undefined;
  private served: Subscriber | undefined;
  private filters: readonly string[] = [];

  publish(message: Message): void {
    const content = text(message.payload);
    if (message.retain && content === "") this.retained.delete(message.topic);
    else if (message.retain) this.retained.set(message.topic, content);
    this.enqueue(message.topic, content, false);
    this.onMessage(message.topic, content);
  }

  /** The agent connects: its session goes on, and its subscriptions bring the retained messages again. */
  connect(participant: Participant, life: Life): void {
    this.filters = participant.subscriptions.map(({ filter }) => filter);
    this.queue = this.queue.map((message) => ({ ...message, dup: true }));
    for (const [topic, content] of this.retained) this.enqueue(topic, content, true);
    this.subscriber = { participant, life };
    this.pump();
  }

  private enqueue(topic: string, content: string, retain: boolean): void {
    if (!this.filters.some((filter) => matchesFilter(filter, topic))) return;
    this.queue.push({ topic, payload: new TextEncoder().encode(content), qos: 1, retain, dup: false });
    this.pump();
  }

  private pump(): void {
    const { subscriber } = this;
    if (subscriber?.life.alive !== true || this.served === subscriber) return;
    this.served = subscriber;
    void this.deliver(subscriber);
  }

  /** One message after the other; one that is not acknowledged comes again in the next life. */
  private async deliver(subscriber: Subscriber): Promise<void> {
    for (let message = this.queue[0]; message !== undefined; message = this.queue[0]) {
      await subscriber.participant.receive(message);
      if (this.subscriber !== subscriber || !subscriber.life.alive) return;
      this.queue.shift();
      await subscriber.life.wait(1);
    }
    this.served = undefined;
  }
}

/** What a script does; chosen when it starts. */
export interface ScriptPlan {
  readonly lasts: number;
  readonly end: "launch-failed" | "signal" | number;
  readonly stdout: string;
  /** Milliseconds that it takes to obey SIGTERM. */
  readonly obeys: number;
}

export interface RunningScript {
  readonly words: readonly string[];
}

export function simulatedExec(
  life: Life,
  plan: (words: readonly string[]) => ScriptPlan,
  watch: { started(script: RunningScript): void; ended(script: RunningScript): void },
): Exec {
  return (program, args, options) =>
    new Promise((resolve) => {
      const script = { words: [program, ...args] };
      const { lasts, end, stdout, obeys } = plan(script.words);
      const output = { stdout: new TextEncoder().encode(stdout), stderr: new Uint8Array(0) };
      let done = false;
      const finish = (result: Awaited<ReturnType<Exec>>) => {
        if (done) return;
        done = true;
        watch.ended(script);
        resolve(result);
      };
      const killed = (signal: number, timedOut: boolean): Result<Exit, never> =>
        ok({ kind: "killed", signal, timedOut, ...output });
      const terminate = (timedOut: boolean) => {
        const late = obeys > (options.grace ?? 60_000);
        life.later(late ? (options.grace ?? 60_000) : obeys, () => finish(killed(late ? 9 : 15, timedOut)));
      };
      if (end === "launch-failed") {
        life.later(0, () => resolve(err(fault("launch-failed", `Cannot run ${program}`))));
        return;
      }
      watch.started(script);
      life.later(lasts, () =>
        finish(end === "signal" ? killed(9, false) : ok({ kind: "exited", code: end, ...output })),
      );
      if (options.timeout !== undefined) life.later(options.timeout, () => terminate(true));
      if (options.signal?.aborted === true) terminate(false);
      options.signal?.addEventListener("abort", () => terminate(false));
    });
}

export function simulatedTransfer(life: Life, disk: SimulatedDisk, chance: Chance): Transfer {
  const move = async (): Promise<Result<undefined>> => {
    await life.wait(chance.below(2_000));
    return chance.happens(0.3) ? err(fault("http", "503 Service Unavailable")) : ok();
  };
  return {
    upload: move,
    async download(_url, path, signal) {
      const moved = await move();
      if (moved.ok && !signal.aborted) disk.files.set(path, "content");
      return moved;
    },
  };
}

/** Hands messages to the broker in order; those still on their way are lost with the agent. */
export function simulatedPublish(
  life: Life,
  broker: SimulatedBroker,
  chance: Chance,
): (message: Message) => Promise<PublishOutcome> {
  let last: Promise<void> = Promise.resolve();
  return (message) => {
    const sent = last.then(async () => {
      await life.wait(chance.below(4));
      broker.publish(message);
    });
    last = sent;
    return sent.then(async () => {
      await life.wait(chance.below(3));
      return "delivered" as const;
    });
  };
}

export function jsonObject(content: string | undefined): JsonObject | undefined {
  const parsed = parseJson(content ?? "");
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}

function text(content: string | Uint8Array): string {
  return typeof content === "string" ? content : new TextDecoder().decode(content);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function diskFull() {
  return fault("disk-full", "No space left on device");
}
