import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { queueBudget } from "../../../../src/platform/front/queue-budget.ts";
import { NO_EVENTS, type RawSocket, type SocketEvents } from "../../../../src/platform/front/raw-socket.ts";
import { createRelay } from "../../../../src/platform/front/relay.ts";
import { simulatedClock } from "../../../sim/simulated-clock.ts";

/** A connection whose other end takes as many bytes as a test says. */
class FakeSocket implements RawSocket {
  data: SocketEvents = NO_EVENTS;
  /** Bytes that the other end takes before it stops. */
  room = Number.POSITIVE_INFINITY;
  taken: number[] = [];
  isPaused = false;
  ending: "open" | "half" | "closed" = "open";

  write(chunk: Uint8Array | string): number {
    if (this.ending !== "open" || typeof chunk === "string") return -1;
    const count = Math.min(this.room, chunk.byteLength);
    this.room -= count;
    this.taken.push(...chunk.subarray(0, count));
    return count;
  }

  take(more: number): void {
    this.room += more;
    this.data.drained();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  shutdown(): void {
    this.ending = "half";
  }

  end(): void {
    this.terminate();
  }

  terminate(): void {
    if (this.ending === "closed") return;
    this.ending = "closed";
    this.data.closed();
  }
}

function connected(most = 1_000_000) {
  const clock = simulatedClock();
  const [client, server] = [new FakeSocket(), new FakeSocket()];
  const relay = createRelay(client, { clock, budget: queueBudget(most), patience: 60_000 });
  return { clock, client, server, relay };
}

const bytes = (...values: readonly number[]) => Uint8Array.from(values);

describe("a relay", () => {
  test("passes on what came before the server was reached, once it is", () => {
    const { client, server, relay } = connected();
    client.data.received(bytes(1, 2));
    expect(client.isPaused).toBe(true);
    client.data.received(bytes(3));
    relay.server.attach(server);
    expect(server.taken).toEqual([1, 2, 3]);
    expect(client.isPaused).toBe(false);
  });

  test("reads a side no faster than the other one takes it, and holds one read", () => {
    const { client, server, relay } = connected();
    relay.server.attach(server);
    client.room = 2;
    server.data.received(bytes(1, 2, 3, 4, 5));
    expect([client.taken, server.isPaused]).toEqual([[1, 2], true]);
    client.take(2);
    expect([client.taken, server.isPaused]).toEqual([[1, 2, 3, 4], true]);
    client.take(5);
    expect([client.taken, server.isPaused]).toEqual([[1, 2, 3, 4, 5], false]);
  });

  test("ends a side after its last byte when the other one sends no more, or is gone", () => {
    const { client, server, relay } = connected();
    relay.server.attach(server);
    client.room = 1;
    server.data.received(bytes(1, 2));
    server.data.ended();
    expect(client.ending).toBe("open");
    client.take(1);
    expect(client.ending).toBe("half");
    server.terminate();
    expect(client.ending).toBe("closed");
  });

  test("gives a client that reads on all that the server left, and one that stands still half a minute", async () => {
    const { clock, client, server, relay } = connected();
    relay.server.attach(server);
    client.room = 0;
    server.data.received(bytes(1, 2, 3));
    server.terminate();
    for (const _ of [1, 2]) {
      await clock.advance(29_000);
      client.take(1);
      expect(client.ending).toBe("open");
    }
    await clock.advance(30_000);
    expect([client.ending, client.taken, clock.pending]).toEqual(["closed", [1, 2], 0]);
  });

  test("is cut when a side takes nothing for too long, since nobody reads the other one meanwhile", async () => {
    const { clock, client, server, relay } = connected();
    relay.server.attach(server);
    client.room = 0;
    server.data.received(bytes(1, 2));
    await clock.advance(59_000);
    client.take(1);
    await clock.advance(59_000);
    expect([client.ending, server.ending]).toEqual(["open", "open"]);
    await clock.advance(1_000);
    expect([client.ending, server.ending, clock.pending]).toEqual(["closed", "closed", 0]);
  });

  test("that holds nothing may be quiet for ever", async () => {
    const { clock, client, server, relay } = connected();
    relay.server.attach(server);
    client.room = 1;
    server.data.received(bytes(1, 2));
    client.take(1);
    expect(clock.pending).toBe(0);
    expect([client.ending, server.ending]).toEqual(["open", "open"]);
  });

  test("closes the server's side when the client goes before it is reached", () => {
    const { client, server, relay } = connected();
    client.data.received(bytes(1));
    client.terminate();
    relay.server.attach(server);
    expect(server.ending).toBe("closed");
  });

  test("is cut when it stands still and too much is held", () => {
    const { client, server, relay } = connected(3);
    relay.server.attach(server);
    client.room = 0;
    server.data.received(bytes(1, 2, 3, 4));
    expect([client.ending, server.ending]).toEqual(["closed", "closed"]);
  });

  test("neither loses, changes nor reorders a byte, whoever takes how much when, and leaves no timer", async () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant("send" as const), size: fc.integer({ min: 1, max: 5 }), up: fc.boolean() }),
      fc.record({ kind: fc.constant("take" as const), size: fc.integer({ min: 0, max: 7 }), up: fc.boolean() }),
      fc.record({ kind: fc.constant("attach" as const), size: fc.constant(0), up: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const { clock, client, server, relay } = connected();
        client.room = 0;
        server.room = 0;
        const sent: { readonly up: number[]; readonly down: number[] } = { up: [], down: [] };
        let next = 0;
        let isAttached = false;
        const send = (up: boolean, size: number) => {
          const from = up ? client : server;
          if (from.isPaused || (!up && !isAttached)) return;
          const chunk = Array.from({ length: size }, () => next++ % 256);
          (up ? sent.up : sent.down).push(...chunk);
          from.data.received(Uint8Array.from(chunk));
        };
        for (const { kind, size, up } of actions) {
          if (kind === "send") send(up, size);
          else if (kind === "take" && (!up || isAttached)) (up ? server : client).take(size);
          else if (kind === "attach" && !isAttached) {
            isAttached = true;
            relay.server.attach(server);
          }
        }
        if (!isAttached) relay.server.attach(server);
        client.take(1_000);
        server.take(1_000);
        expect([server.taken, client.taken]).toEqual([sent.up, sent.down]);
        expect([client.isPaused, server.isPaused]).toEqual([false, false]);
        client.terminate();
        expect(server.ending).toBe("closed");
        expect(clock.pending).toBe(0);
      }),
    );
  });
});
