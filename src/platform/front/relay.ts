import type { CancelTimer, Clock } from "../../base/clock.ts";
import type { QueueBudget, QueueHolder } from "./queue-budget.ts";
import type { RawSocket, SocketEvents } from "./raw-socket.ts";

/** Milliseconds for a side to take one more byte when the other one is gone, and to close after the last. */
const LAST_BYTES = 30_000;
const LAST_GOODBYE = 5_000;

export interface RelayWorld {
  readonly clock: Clock;
  /** Milliseconds for a side to take one more byte of what is held for it. */
  readonly patience: number;
  readonly budget: QueueBudget;
}

/**
 * Two connections, each of which gets what the other one sends, no faster than it takes it. What a side could not take yet is held here,
 * one read of the socket at most, and the other side is not read meanwhile. As a socket that is not read does not tell either that it was
 * closed, a side that takes nothing for too long is cut.
 */
export interface Relay {
  readonly client: RelaySide;
  readonly server: RelaySide;
}

export function createRelay(client: RawSocket, world: RelayWorld): Relay {
  const near = new RelaySide(world);
  const far = new RelaySide(world);
  near.other = far;
  far.other = near;
  near.attach(client);
  return { client: near, server: far };
}

export class RelaySide implements SocketEvents, QueueHolder {
  other: RelaySide | undefined;
  readonly #world: RelayWorld;
  #socket: RawSocket | undefined;
  #queue: Uint8Array[] = [];
  #isGone = false;
  #end: "open" | "half" | "full" = "open";
  #cancelDeadline: CancelTimer | undefined;

  constructor(world: RelayWorld) {
    this.#world = world;
  }

  /** From now on bytes go to `socket`; what was held for it goes at once. */
  attach(socket: RawSocket): void {
    this.#socket = socket;
    socket.data = this;
    if (this.#isGone) socket.terminate();
    else this.drained();
  }

  received(chunk: Uint8Array): void {
    if (this.other?.give(chunk) === false) this.#socket?.pause();
  }

  /** False when not all of it could be passed on. */
  give(chunk: Uint8Array): boolean {
    if (this.#isGone) return true;
    const taken = this.#queue.length === 0 ? this.#write(chunk) : 0;
    if (taken === chunk.byteLength) return true;
    this.#queue.push(chunk.subarray(taken));
    this.#moved();
    return false;
  }

  drained(): void {
    if (this.#isGone || this.#socket === undefined) return;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const taken = this.#write(next);
      if (taken === next.byteLength) this.#queue.shift();
      else this.#queue[0] = next.subarray(taken);
      if (taken > 0) this.#moved();
      if (taken < next.byteLength) return;
    }
    this.other?.resume();
    this.#finishNow();
  }

  resume(): void {
    this.#socket?.resume();
  }

  ended(): void {
    this.other?.finish("half");
  }

  closed(): void {
    this.#leave();
    this.other?.finish("full");
  }

  /** The other side sends no more, or is gone: so do I, after the last byte. */
  finish(how: "half" | "full"): void {
    if (this.#isGone || this.#end === "full") return;
    this.#end = how;
    if (this.#socket === undefined) {
      if (how === "full") this.#leave();
    } else if (this.#queue.length === 0) this.#finishNow();
    else this.#moved();
  }

  /** Closes both connections at once. */
  cut(): void {
    const socket = this.#socket;
    this.#leave();
    socket?.terminate();
    this.other?.cutBack();
  }

  cutBack(): void {
    if (!this.#isGone) this.cut();
  }

  #write(chunk: Uint8Array): number {
    return Math.max(0, this.#socket?.write(chunk) ?? 0);
  }

  #finishNow(): void {
    if (this.#end === "half") this.#socket?.shutdown();
    if (this.#end !== "full") return;
    this.#cutAfter(LAST_GOODBYE);
    this.#socket?.end();
  }

  #moved(): void {
    const held = this.#queue.reduce((sum, { byteLength }) => sum + byteLength, 0);
    this.#world.budget.holds(this, held);
    this.#cancelDeadline?.();
    if (held > 0) this.#cutAfter(this.#end === "full" ? LAST_BYTES : this.#world.patience);
  }

  #cutAfter(milliseconds: number): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = this.#world.clock.after(milliseconds, () => this.cut());
  }

  #leave(): void {
    this.#isGone = true;
    this.#queue = [];
    this.#world.budget.holds(this, 0);
    this.#cancelDeadline?.();
  }
}
