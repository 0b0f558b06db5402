import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createAckQueue } from "../../../src/bus/ack-queue.ts";

function recorded() {
  const sent: number[] = [];
  return { sent, queue: createAckQueue((packetId) => sent.push(packetId)) };
}

describe("acknowledgements", () => {
  test("leave in the order in which the messages came", () => {
    const { sent, queue } = recorded();
    const [first, second, third] = [7, 3, 9].map((packetId) => queue.arrived(packetId, 1));
    third?.();
    second?.();
    expect(sent).toEqual([]);
    first?.();
    expect(sent).toEqual([7, 3, 9]);
    expect(queue.owed).toBe(0);
  });

  test("tell the QoS of their message, so that PUBREC answers QoS 2", () => {
    const sent: unknown[] = [];
    const queue = createAckQueue((packetId, qos) => sent.push([packetId, qos]));
    const done = [queue.arrived(1, 2), queue.arrived(2, 1)];
    for (const acknowledge of done) acknowledge();
    expect(sent).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  test("are sent once, however often they are asked for", () => {
    const { sent, queue } = recorded();
    const acknowledge = queue.arrived(1, 1);
    queue.arrived(2, 1);
    acknowledge();
    acknowledge();
    expect(sent).toEqual([1]);
  });

  test("of a connection that is gone are not sent", () => {
    const { sent, queue } = recorded();
    const acknowledge = queue.arrived(1, 1);
    queue.close();
    acknowledge();
    expect(sent).toEqual([]);
    expect(queue.owed).toBe(0);
  });

  test("leave for the longest prefix of safe messages, whatever the order in which they get safe", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...Array(20).keys()]), (order) => {
        const { sent, queue } = recorded();
        const acknowledge = [...Array(20).keys()].map((packetId) => queue.arrived(packetId, 1));
        const safe = new Set<number>();
        for (const packetId of order) {
          acknowledge[packetId]?.();
          safe.add(packetId);
          const prefix = [...Array(20).keys()].findIndex((id) => !safe.has(id));
          expect(sent).toEqual([...Array(prefix === -1 ? 20 : prefix).keys()]);
        }
      }),
    );
  });
});
