import { Fifo } from "../base/fifo.ts";
import type { ReceivedMessage } from "../bus/message.ts";

/**
 * What one broker delivered and did not get acknowledged. It outlives the connection, so that what the broker delivers again is recognised
 * and not forwarded twice (spec/bridges-and-mappers §1.5).
 */
export interface Ledger {
  /** Notes a delivery of QoS>0; `undefined` when it repeats one that was noted before the connection was lost: then there is nothing left to do. */
  deliver(message: ReceivedMessage, acknowledge: () => void): Debt | undefined;
  connectionLost(): void;
  /** A broker that has no session for us delivers nothing again. */
  connected(sessionPresent: boolean): void;
}

/** An acknowledgement that is owed for one message. */
export interface Debt {
  readonly message: ReceivedMessage;
  /** The message is safe, or dropped for good: acknowledges it over the connection of its last delivery. */
  settle(): void;
  /** The message was not taken: it is to be delivered again, as if it had never been seen. */
  forget(): void;
}

export function createLedger(): Ledger {
  return new BrokerLedger();
}

class BrokerLedger implements Ledger {
  /** Delivered over the connection that stands, in order. What is settled stays until all before it is, for so leave the acknowledgements. */
  readonly owed = new Fifo<Entry>();
  /** Delivered over former connections and not again so far. */
  earlier: Entry[] = [];

  deliver(message: ReceivedMessage, acknowledge: () => void): Debt | undefined {
    const known = this.recognise(message);
    if (known !== undefined) return this.deliverAgain(known, acknowledge);
    const entry = new Entry(this, message, acknowledge);
    this.owed.push(entry);
    return entry;
  }

  connectionLost(): void {
    this.earlier = [...this.owed.take(() => true), ...this.earlier].filter((entry) => !entry.forgotten);
    for (const entry of this.earlier) entry.acknowledge = nothing;
  }

  connected(sessionPresent: boolean): void {
    if (!sessionPresent) this.earlier = [];
  }

  dropSettled(): void {
    while (this.owed.peek()?.settled === true) this.owed.shift();
  }

  private recognise(message: ReceivedMessage): Entry | undefined {
    if (this.earlier.length === 0) return undefined;
    // What is delivered again comes before what is new (MQTT-4.6.0-1), so behind something new nothing old is expected.
    if (!message.dup) this.earlier = [];
    const index = this.earlier.findIndex((entry) => sameMessage(entry.message, message));
    return index === -1 ? undefined : this.earlier.splice(index, 1)[0];
  }

  private deliverAgain(known: Entry, acknowledge: () => void): undefined {
    known.acknowledge = acknowledge;
    this.owed.push(known);
    if (known.settled) acknowledge();
    this.dropSettled();
  }
}

class Entry implements Debt {
  readonly message: ReceivedMessage;
  acknowledge: () => void;
  settled = false;
  /** Stays in its place nevertheless, since what came behind it cannot be acknowledged before it. */
  forgotten = false;
  private readonly ledger: BrokerLedger;

  constructor(ledger: BrokerLedger, message: ReceivedMessage, acknowledge: () => void) {
    this.ledger = ledger;
    this.message = message;
    this.acknowledge = acknowledge;
  }

  settle(): void {
    if (this.settled) return;
    this.settled = true;
    this.acknowledge();
    this.ledger.dropSettled();
  }

  forget(): void {
    this.forgotten = true;
    this.ledger.earlier = this.ledger.earlier.filter((entry) => entry !== this);
  }
}

function sameMessage(left: ReceivedMessage, right: ReceivedMessage): boolean {
  return (
    left.topic === right.topic &&
    left.qos === right.qos &&
    left.retain === right.retain &&
    Buffer.compare(left.payload, right.payload) === 0
  );
}

function nothing(): void {}
