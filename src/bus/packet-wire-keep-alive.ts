import type { CancelTimer, Clock } from "../base/clock.ts";

export interface KeepAliveEvents {
  /** A PINGREQ is due. */
  ping(): void;
  /** The broker did not answer. */
  dead(): void;
}

/** Looks whether the other end of a connection is still there. */
export interface KeepAlive {
  start(): void;
  /** Something was written. */
  sent(): void;
  /** Something came. */
  received(): void;
  stop(): void;
}

/**
 * Asks for a PINGREQ once nothing was sent, or nothing came, for `seconds` (MQTT-3.1.2-23), and gives the connection up when for as
 * long again nothing came (MQTT-3.1.2.10). 0 seconds: never. One timer at a time, which is not touched by traffic.
 */
export function createKeepAlive(clock: Clock, seconds: number, events: KeepAliveEvents): KeepAlive {
  return new PingTimer(clock, seconds * 1_000, events);
}

class PingTimer implements KeepAlive {
  private readonly clock: Clock;
  /** Milliseconds. */
  private readonly period: number;
  private readonly events: KeepAliveEvents;
  private sentAt = 0;
  private receivedAt = 0;
  private isAsked = false;
  private cancel: CancelTimer | undefined;

  constructor(clock: Clock, period: number, events: KeepAliveEvents) {
    this.clock = clock;
    this.period = period;
    this.events = events;
  }

  start(): void {
    if (this.period === 0) return;
    this.sent();
    this.received();
    this.wait(this.period);
  }

  sent(): void {
    this.sentAt = this.clock.monotonic();
  }

  received(): void {
    this.receivedAt = this.clock.monotonic();
    this.isAsked = false;
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private wait(milliseconds: number): void {
    this.cancel = this.clock.after(milliseconds, () => this.look());
  }

  private look(): void {
    if (this.isAsked) return this.events.dead();
    const left = Math.min(this.sentAt, this.receivedAt) + this.period - this.clock.monotonic();
    if (left > 0) return this.wait(left);
    this.isAsked = true;
    this.events.ping();
    this.wait(this.period);
  }
}
