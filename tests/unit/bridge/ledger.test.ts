import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLedger, type Debt } from "../../../src/bridge/ledger.ts";
import type { ReceivedMessage } from "../../../src/bus/message.ts";

function message(text: string, change: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return { topic: "t", payload: new TextEncoder().encode(text), qos: 1, retain: false, dup: false, ...change };
}

/** A ledger whose acknowledgements are written down. */
function ledgerWithPaper() {
  const ledger = createLedger();
  const acknowledged: string[] = [];
  return {
    ...{ acknowledged },
    deliver: (text: string, mark = text, change: Partial<ReceivedMessage> = {}) =>
      ledger.deliver(message(text, change), () => acknowledged.push(mark)),
    again: (text: string, mark: string) => ledger.deliver(message(text, { dup: true }), () => acknowledged.push(mark)),
    reconnect: (sessionPresent = true) => {
      ledger.connectionLost();
      ledger.connected(sessionPresent);
    },
  };
}

describe("the ledger of a broker", () => {
  test("acknowledges a message when its debt is settled, once", () => {
    const { deliver, acknowledged } = ledgerWithPaper();
    const debt = deliver("a");
    expect(acknowledged).toEqual([]);
    debt?.settle();
    debt?.settle();
    expect(acknowledged).toEqual(["a"]);
  });

  test("knows a message that is delivered again and acknowledges its new delivery once the first one is safe", () => {
    const { deliver, again, reconnect, acknowledged } = ledgerWithPaper();
    const debt = deliver("a");
    reconnect();
    expect(again("a", "second")).toBeUndefined();
    debt?.settle();
    expect(acknowledged).toEqual(["second"]);
  });

  test("acknowledges at once what became safe while there was no connection", () => {
    const { deliver, again, reconnect, acknowledged } = ledgerWithPaper();
    const debt = deliver("a");
    reconnect();
    debt?.settle();
    expect(acknowledged).toEqual([]);
    expect(again("a", "second")).toBeUndefined();
    expect(acknowledged).toEqual(["second"]);
  });

  test("knows what was settled but whose acknowledgement waited behind an earlier message", () => {
    const { deliver, again, reconnect, acknowledged } = ledgerWithPaper();
    deliver("a");
    deliver("b")?.settle();
    reconnect();
    expect(again("a", "a2")).toBeUndefined();
    expect(again("b", "b2")).toBeUndefined();
    expect(acknowledged).toEqual(["b", "b2"]);
  });

  test("does not know again what was settled with all before it, for its acknowledgement has left", () => {
    const { deliver, again, reconnect } = ledgerWithPaper();
    deliver("a")?.settle();
    reconnect();
    expect(again("a", "a2")).toBeDefined();
  });

  test("takes one delivery for one message: of two equal ones both are known, a third is new", () => {
    const { deliver, again, reconnect } = ledgerWithPaper();
    deliver("a", "1");
    deliver("a", "2");
    reconnect();
    expect(again("a", "3")).toBeUndefined();
    expect(again("a", "4")).toBeUndefined();
    expect(again("a", "5")).toBeDefined();
  });

  test.each<[string, Partial<ReceivedMessage>]>([
    ["another topic", { topic: "u" }],
    ["another retain flag", { retain: true }],
    ["another QoS", { qos: 2 }],
    ["another payload", { payload: new Uint8Array([1]) }],
    ["no sign of being a repetition", { dup: false }],
  ])("takes a delivery with %s for a new message", (_what, change) => {
    const { deliver, reconnect } = ledgerWithPaper();
    deliver("a");
    reconnect();
    expect(deliver("a", "again", { dup: true, ...change })).toBeDefined();
  });

  test("expects nothing old behind something new", () => {
    const { deliver, again, reconnect } = ledgerWithPaper();
    deliver("a");
    reconnect();
    deliver("new");
    expect(again("a", "a2")).toBeDefined();
  });

  test("expects nothing old from a broker that lost the session", () => {
    const { deliver, again, reconnect } = ledgerWithPaper();
    deliver("a");
    reconnect(false);
    expect(again("a", "a2")).toBeDefined();
  });

  test("knows messages over several losses of the connection", () => {
    const { deliver, again, reconnect, acknowledged } = ledgerWithPaper();
    const debts = ["a", "b", "c"].map((text) => deliver(text));
    reconnect();
    expect(again("a", "a2")).toBeUndefined();
    reconnect();
    expect(["a", "b", "c"].map((text) => again(text, `${text}3`))).toEqual([undefined, undefined, undefined]);
    for (const debt of debts) debt?.settle();
    expect(acknowledged).toEqual(["a3", "b3", "c3"]);
  });

  test("knows what was settled behind a forgotten message, for its acknowledgement could not leave", () => {
    const { deliver, again, reconnect, acknowledged } = ledgerWithPaper();
    deliver("a")?.forget();
    deliver("b")?.settle();
    reconnect();
    expect(again("a", "a2")).toBeDefined();
    expect(again("b", "b2")).toBeUndefined();
    expect(acknowledged).toEqual(["b", "b2"]);
  });

  test("takes a message that was forgotten for a new one", () => {
    const { deliver, again, reconnect } = ledgerWithPaper();
    deliver("a")?.forget();
    const earlier = deliver("b");
    reconnect();
    earlier?.forget();
    expect(again("a", "a2")).toBeDefined();
    expect(again("b", "b2")).toBeDefined();
  });

  test("forwards each message of a faithful broker exactly once, whatever is lost", () => {
    const step = fc.oneof(
      fc.constant("deliver" as const),
      fc.constant("lose" as const),
      fc.nat(20).map((which) => ({ settle: which })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, same) => {
        const ledger = createLedger();
        const held: { text: string; sent: boolean }[] = [];
        const debts: Debt[] = [];
        let forwarded = 0;
        let published = 0;
        /** Acknowledgements leave in order: that of a message only once all before it are there. */
        const safe = new Set<object>();
        const leave = () => {
          while (held[0] !== undefined && safe.has(held[0])) held.shift();
        };
        const send = (one: { text: string; sent: boolean }) => {
          const debt = ledger.deliver(message(one.text, { dup: one.sent }), () => {
            safe.add(one);
            leave();
          });
          one.sent = true;
          if (debt === undefined) return;
          forwarded += 1;
          debts.push(debt);
        };
        for (const one of steps) {
          if (one === "deliver") {
            const fresh = { text: same ? "same" : String(published), sent: false };
            published += 1;
            held.push(fresh);
            send(fresh);
          } else if (one === "lose") {
            ledger.connectionLost();
            ledger.connected(true);
            safe.clear();
            for (const left of [...held]) send(left);
          } else {
            debts[one.settle]?.settle();
          }
        }
        expect(forwarded).toBe(published);
      }),
      { numRuns: 1_000 },
    );
  });
});
