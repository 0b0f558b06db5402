import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Message } from "../../../src/bus/message.ts";
import { createOutbox, LARGEST_PUBLISH_ID, type Outbox } from "../../../src/bus/outbox.ts";
import { FIRST_SUBSCRIBE_ID } from "../../../src/bus/session.machine.ts";
import type { OutboxLimits } from "../../../src/bus/session.ts";
import { wireSize } from "../../../src/bus/wire-size.ts";

const ROOMY: OutboxLimits = { inflight: 10, messages: 100, bytes: 1_000_000 };

const kept = (text: string): Message => ({ topic: `k/${text}`, payload: new Uint8Array(4), qos: 1, retain: false });
const light = (text: string): Message => ({ ...kept(text), topic: `d/${text}` });
const qos0 = (text: string): Message => ({ ...light(text), qos: 0 });
const isDroppable = ({ topic }: Message) => topic.startsWith("d/");

function recorded(limits: OutboxLimits = ROOMY) {
  const outbox = createOutbox(limits, isDroppable);
  const outcomes: string[] = [];
  const offer = (...messages: readonly Message[]) => {
    for (const message of messages) outbox.offer(message, (outcome) => outcomes.push(`${message.topic} ${outcome}`));
  };
  return { outbox, outcomes, offer };
}

function takeAll(outbox: Outbox): string[] {
  const taken: string[] = [];
  for (let packet = outbox.next(); packet !== undefined; packet = outbox.next()) {
    taken.push(`${packet.message.topic}${packet.dup ? " dup" : ""}`);
  }
  return taken;
}

describe("the outbox", () => {
  test("gives messages in the order in which they were offered, also across classes", () => {
    const { outbox, offer } = recorded();
    offer(kept("1"), light("2"), kept("3"), qos0("4"), kept("5"));
    expect(takeAll(outbox)).toEqual(["k/1", "d/2", "k/3", "d/4", "k/5"]);
  });

  test("settles a QoS 0 message when it is taken and a QoS 1 message when it is acknowledged", () => {
    const { outbox, outcomes, offer } = recorded();
    offer(kept("1"), qos0("2"));
    const first = outbox.next();
    outbox.next();
    expect(outcomes).toEqual(["d/2 delivered"]);
    expect(outbox.acknowledged(first?.packetId ?? 0)).toBe(true);
    expect(outcomes).toEqual(["d/2 delivered", "k/1 delivered"]);
    expect(outbox.published).toBe(2);
  });

  test("knows no packet id that is not in flight", () => {
    const { outbox, offer } = recorded();
    offer(kept("1"));
    const packetId = outbox.next()?.packetId ?? 0;
    expect(outbox.acknowledged(packetId + 1)).toBe(false);
    expect(outbox.acknowledged(packetId)).toBe(true);
    expect(outbox.acknowledged(packetId)).toBe(false);
  });

  test("lets no more be in flight than the window holds, and keeps the order behind a full window", () => {
    const { outbox, offer } = recorded({ ...ROOMY, inflight: 2 });
    offer(kept("1"), kept("2"), kept("3"), qos0("4"));
    const first = outbox.next();
    expect(takeAll(outbox)).toEqual(["k/2"]);
    outbox.acknowledged(first?.packetId ?? 0);
    expect(takeAll(outbox)).toEqual(["k/3", "d/4"]);
    expect(outbox.inflight).toBe(2);
  });

  test("gives what is in flight again after a loss, first, in order, as duplicates and under the same packet ids", () => {
    const { outbox, offer } = recorded();
    offer(kept("1"), kept("2"), kept("3"));
    const sent = [outbox.next(), outbox.next()];
    outbox.connectionLost();
    const again = [outbox.next(), outbox.next()];
    expect(again.map((packet) => packet?.packetId)).toEqual(sent.map((packet) => packet?.packetId));
    expect(again.map((packet) => packet?.dup)).toEqual([true, true]);
    expect(takeAll(outbox)).toEqual(["k/3"]);
  });

  test("begins again from the oldest when the connection is lost while it sends again", () => {
    const { outbox, offer } = recorded();
    offer(kept("1"), kept("2"), kept("3"));
    takeAll(outbox);
    outbox.connectionLost();
    outbox.next();
    outbox.connectionLost();
    expect(takeAll(outbox)).toEqual(["k/1 dup", "k/2 dup", "k/3 dup"]);
  });

  test("drops the oldest droppable messages to make room, and counts them", () => {
    const { outbox, outcomes, offer } = recorded({ ...ROOMY, messages: 3 });
    offer(light("1"), kept("2"), light("3"), kept("4"), light("5"));
    expect(outcomes).toEqual(["d/1 dropped", "d/3 dropped"]);
    expect(outbox.dropped).toBe(2);
    expect(takeAll(outbox)).toEqual(["k/2", "k/4", "d/5"]);
  });

  test("full of what must be kept refuses more of it and drops new telemetry", () => {
    const { outbox, outcomes, offer } = recorded({ ...ROOMY, messages: 2 });
    offer(kept("1"), kept("2"), kept("3"), light("4"));
    expect(outcomes).toEqual(["k/3 refused", "d/4 dropped"]);
    expect(takeAll(outbox)).toEqual(["k/1", "k/2"]);
  });

  test("drops nothing in favour of a message that would not fit anyway", () => {
    const { outbox, outcomes, offer } = recorded({ ...ROOMY, bytes: 100 });
    offer(light("1"), { ...kept("big"), payload: new Uint8Array(100) });
    expect(outcomes).toEqual(["k/big refused"]);
    expect(outbox.waiting).toBe(1);
  });

  test("puts leading messages before everything that waits, but behind what is sent again", () => {
    const { outbox, offer } = recorded();
    offer(kept("1"), kept("2"));
    outbox.next();
    outbox.connectionLost();
    outbox.lead([kept("up")]);
    expect(takeAll(outbox)).toEqual(["k/1 dup", "k/up", "k/2"]);
  });

  test("forgets the leading messages of the former connection", () => {
    const { outbox } = recorded();
    outbox.lead([kept("up-1"), kept("more-1")]);
    outbox.next();
    outbox.connectionLost();
    outbox.lead([kept("up-2")]);
    expect(takeAll(outbox)).toEqual(["k/up-2"]);
    expect(outbox.inflight).toBe(1);
  });

  test("takes trailing messages even when it is full", () => {
    const { outbox, offer } = recorded({ ...ROOMY, messages: 1 });
    offer(kept("1"));
    outbox.trail([kept("down")]);
    expect(takeAll(outbox)).toEqual(["k/1", "k/down"]);
  });

  test("gives back what was never sent, and only that", () => {
    const { outbox, outcomes, offer } = recorded();
    offer(kept("1"), kept("2"), light("3"), qos0("4"), kept("5"));
    outbox.next();
    expect(outbox.withdraw(({ topic }) => topic !== "k/5")).toBe(2);
    expect(outcomes).toEqual(["k/2 closed", "d/3 closed"]);
    expect(takeAll(outbox)).toEqual(["d/4", "k/5"]);
  });

  test("settles everything that is left when it is closed", () => {
    const { outbox, outcomes, offer } = recorded();
    offer(kept("1"), kept("2"), light("3"));
    outbox.next();
    outbox.close();
    expect(outcomes.sort()).toEqual(["d/3 closed", "k/1 closed", "k/2 closed"]);
    expect(outbox.waiting + outbox.inflight).toBe(0);
  });

  test("never uses a packet id of a subscription, nor one that is in flight", () => {
    expect(LARGEST_PUBLISH_ID).toBeLessThan(FIRST_SUBSCRIBE_ID);
    const { outbox, offer } = recorded();
    offer(kept("held"));
    const held = outbox.next()?.packetId;
    for (let count = 0; count < LARGEST_PUBLISH_ID + 10; count += 1) {
      offer(kept("x"));
      const packetId = outbox.next()?.packetId ?? 0;
      expect(packetId > 0 && packetId <= LARGEST_PUBLISH_ID && packetId !== held).toBe(true);
      outbox.acknowledged(packetId);
    }
  });
});

describe("whatever happens, the outbox", () => {
  const message = fc.record({
    class: fc.constantFrom("k", "d"),
    topic: fc.constantFrom("a", "b", "c"),
    qos: fc.constantFrom(0 as const, 1 as const),
    size: fc.nat(40),
  });
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("offer" as const), message }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("send" as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("acknowledge" as const), which: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("lose" as const) }) },
  );

  test("keeps its bounds, the order of each topic, and everything that must be kept", () => {
    const limits = { inflight: 3, messages: 8, bytes: 200 };
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: "max" }), (actions) => {
        const outbox = createOutbox(limits, isDroppable);
        const settled = new Map<number, string>();
        const offered: Message[] = [];
        const sent: number[] = [];
        const unanswered = new Map<number, Message>();
        for (const next of actions) {
          if (next.kind === "offer") {
            const { class: kind, topic, qos, size } = next.message;
            const id = offered.length;
            const payload = new Uint8Array(4 + size);
            new DataView(payload.buffer).setUint32(0, id);
            const offer: Message = { topic: `${kind}/${topic}`, payload, qos, retain: false };
            offered.push(offer);
            outbox.offer(offer, (outcome) => {
              expect(settled.has(id)).toBe(false);
              settled.set(id, outcome);
            });
          } else if (next.kind === "send") {
            const packet = outbox.next();
            if (packet === undefined) continue;
            if (packet.packetId !== 0) unanswered.set(packet.packetId, packet.message);
            if (!packet.dup) sent.push(idOf(packet.message));
          } else if (next.kind === "acknowledge") {
            const packetId = [...unanswered.keys()][next.which];
            if (packetId === undefined) continue;
            unanswered.delete(packetId);
            outbox.acknowledged(packetId);
          } else {
            unanswered.clear();
            outbox.connectionLost();
          }
          expect(outbox.waiting).toBeLessThanOrEqual(limits.messages);
          expect(outbox.inflight).toBeLessThanOrEqual(limits.inflight);
        }
        expect(sent).toEqual([...sent].sort((left, right) => left - right));
        drain(outbox);
        for (const [id, offer] of offered.entries()) {
          const outcome = settled.get(id);
          const allowed = isDroppable(offer) ? ["delivered", "dropped"] : ["delivered", "refused"];
          expect(allowed).toContain(outcome ?? "none");
        }
      }),
      { numRuns: 300 },
    );
  });

  test("never holds more bytes than allowed", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
        const outbox = createOutbox({ inflight: 1, messages: 1_000, bytes: 150 }, isDroppable);
        for (const { class: kind, topic, qos, size } of messages) {
          outbox.offer(
            { topic: `${kind}/${topic}`, payload: new Uint8Array(size), qos, retain: false },
            () => undefined,
          );
        }
        let bytes = 0;
        for (let packet = outbox.next(); packet !== undefined; packet = outbox.next()) {
          bytes += wireSize(packet.message);
          if (packet.packetId !== 0) outbox.acknowledged(packet.packetId);
        }
        expect(bytes).toBeLessThanOrEqual(150);
      }),
    );
  });
});

function idOf(message: Message): number {
  return new DataView(message.payload.buffer).getUint32(0);
}

/** What a broker that acknowledges everything makes of it. */
function drain(outbox: Outbox): void {
  outbox.connectionLost();
  for (let packet = outbox.next(); packet !== undefined; packet = outbox.next()) {
    if (packet.packetId !== 0) outbox.acknowledged(packet.packetId);
  }
}
