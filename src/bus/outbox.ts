import { Fifo } from "../base/fifo.ts";
import type { Message } from "./message.ts";
import type { PublishOutcome } from "./participant.ts";
import type { OutboxLimits } from "./session.ts";
import type { OutgoingPublish } from "./wire.ts";
import { wireSize } from "./wire-size.ts";

/** Publications use packet ids from 1 to this one; those above are left to subscriptions, so that the two never meet. */
export const LARGEST_PUBLISH_ID = 0x7fff;

/**
 * What waits to be published and what was published but not acknowledged: a bounded queue before a window.
 * It does no I/O: whoever holds the connection asks for the `next` packet as long as it may write.
 */
export interface Outbox {
  /** `settle` is called once with what became of the message. */
  offer(message: Message, settle: Settle): void;
  /** Messages that go before everything that waits, once; those of an earlier call that were not acknowledged yet are forgotten. */
  lead(messages: readonly Message[]): void;
  /** Messages that go behind everything that waits, whether there is room or not. */
  trail(messages: readonly Message[]): void;
  /** The packet to write now; `undefined` when nothing waits or the window is full. A QoS 0 message is settled by taking it. */
  next(): OutgoingPublish | undefined;
  /** False when no publication with this packet id is in flight. */
  acknowledged(packetId: number): boolean;
  /** What is in flight will be given again by `next`, first, in its order and as duplicates (MQTT-4.4.0-1, MQTT-4.6.0-1). */
  connectionLost(): void;
  /** Takes back messages of QoS>0 that were never sent, and gives their number; they are settled as `closed`. */
  withdraw(which: (message: Message) => boolean): number;
  /** Everything left is settled as `closed`. */
  close(): void;
  /** Messages never sent. */
  readonly waiting: number;
  readonly inflight: number;
  readonly dropped: number;
  readonly published: number;
}

export type Settle = (outcome: PublishOutcome) => void;

interface Entry {
  readonly message: Message;
  readonly size: number;
  readonly order: number;
  /** Leading messages are made anew for each connection, so they are not sent again. */
  readonly leading: boolean;
  readonly settle: Settle;
}

/** Messages of one class in order of arrival. Two lanes, merged by `order`, so that dropping the oldest of one class costs nothing. */
class Lane {
  readonly queue = new Fifo<Entry>();
  bytes = 0;

  peek(): Entry | undefined {
    return this.queue.peek();
  }

  push(entry: Entry): void {
    this.queue.push(entry);
    this.bytes += entry.size;
  }

  shift(): Entry | undefined {
    const entry = this.queue.shift();
    this.bytes -= entry?.size ?? 0;
    return entry;
  }

  take(which: (message: Message) => boolean): Entry[] {
    const taken = this.queue.take((entry) => which(entry.message));
    for (const entry of taken) this.bytes -= entry.size;
    return taken;
  }
}

/**
 * `isDroppable` says which messages may be dropped, oldest first, when there is no room. The others are kept whatever happens; when
 * the outbox is full of them, a new one is refused.
 */
export function createOutbox(limits: OutboxLimits, isDroppable: (message: Message) => boolean): Outbox {
  const window = Math.min(limits.inflight, LARGEST_PUBLISH_ID);
  const kept = new Lane();
  const droppable = new Lane();
  const leading = new Fifo<Entry>();
  const inflight = new Map<number, Entry>();
  const resend = new Fifo<number>();
  let order = 0;
  let lastId = 0;
  let dropped = 0;
  let published = 0;

  const entryOf = (message: Message, settle: Settle, isLeading = false): Entry => {
    order += 1;
    return { message, size: wireSize(message), order, leading: isLeading, settle };
  };

  const drop = (entry: Entry) => {
    dropped += 1;
    entry.settle("dropped");
  };

  /** Whether `size` more bytes find room beside what must be kept, so that dropping is of use. */
  const fitsBesideKept = (size: number) => kept.queue.length < limits.messages && kept.bytes + size <= limits.bytes;

  const fits = (size: number) =>
    kept.queue.length + droppable.queue.length < limits.messages && kept.bytes + droppable.bytes + size <= limits.bytes;

  const makeRoom = (size: number) => {
    while (!fits(size)) {
      const oldest = droppable.shift();
      if (oldest === undefined) return;
      drop(oldest);
    }
  };

  const allocateId = () => {
    do lastId = lastId === LARGEST_PUBLISH_ID ? 1 : lastId + 1;
    while (inflight.has(lastId));
    return lastId;
  };

  /** Where the next message that was never sent comes from. */
  const front = (): Fifo<Entry> | Lane => {
    if (leading.length > 0) return leading;
    const first = droppable.peek();
    const other = kept.peek();
    return first !== undefined && (other === undefined || first.order < other.order) ? droppable : kept;
  };

  return {
    offer(message, settle) {
      const entry = entryOf(message, settle);
      const mayDrop = isDroppable(message);
      if (!fitsBesideKept(entry.size)) return mayDrop ? drop(entry) : settle("refused");
      makeRoom(entry.size);
      (mayDrop ? droppable : kept).push(entry);
    },
    lead(messages) {
      leading.take(() => true);
      for (const message of messages) leading.push(entryOf(message, ignore, true));
    },
    trail(messages) {
      for (const message of messages) kept.push(entryOf(message, ignore));
    },
    next() {
      for (let id = resend.shift(); id !== undefined; id = resend.shift()) {
        const entry = inflight.get(id);
        if (entry !== undefined) return { message: entry.message, packetId: id, dup: true };
      }
      const source = front();
      const entry = source.peek();
      if (entry === undefined) return undefined;
      if (entry.message.qos === 0) {
        source.shift();
        published += 1;
        entry.settle("delivered");
        return { message: entry.message, packetId: 0, dup: false };
      }
      if (inflight.size >= window) return undefined;
      source.shift();
      const packetId = allocateId();
      inflight.set(packetId, entry);
      return { message: entry.message, packetId, dup: false };
    },
    acknowledged(packetId) {
      const entry = inflight.get(packetId);
      if (entry === undefined) return false;
      inflight.delete(packetId);
      published += 1;
      entry.settle("delivered");
      return true;
    },
    connectionLost() {
      resend.take(() => true);
      for (const [id, entry] of inflight) {
        if (entry.leading) inflight.delete(id);
        else resend.push(id);
      }
    },
    withdraw(which) {
      const selects = (message: Message) => message.qos > 0 && which(message);
      const taken = [...kept.take(selects), ...droppable.take(selects)];
      for (const entry of taken) entry.settle("closed");
      return taken.length;
    },
    close() {
      const left = [...inflight.values(), ...kept.take(all), ...droppable.take(all), ...leading.take(all)];
      inflight.clear();
      resend.take(all);
      for (const entry of left) entry.settle("closed");
    },
    get waiting() {
      return kept.queue.length + droppable.queue.length + leading.length;
    },
    get inflight() {
      return inflight.size;
    },
    get dropped() {
      return dropped;
    },
    get published() {
      return published;
    },
  };
}

const ignore: Settle = () => undefined;
const all = () => true;
