import { describe, expect, test } from "bun:test";
import { cleared, type Message, type ReceivedMessage, retained } from "../../../src/bus/message.ts";
import { createOwnPublications } from "../../../src/twin/own-publications.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";

const A = retained("te/device/a///twin/x", "1");
const B = retained(A.topic, "2");

function live(message: Message): ReceivedMessage {
  return { ...message, retain: false, dup: false };
}

function stored(message: Message): ReceivedMessage {
  return { ...message, retain: true, dup: false };
}

describe("own publications", () => {
  test("come back once, in their order; what comes then is foreign", () => {
    const own = createOwnPublications(simulatedClock());
    own.expect(A);
    own.expect(B);
    expect(own.classify(live(A))).toBe("echo");
    expect(own.classify(live(B))).toBe("echo");
    expect(own.classify(live(B))).toBe("foreign");
  });

  test("what comes while one is under way is older than it", () => {
    const own = createOwnPublications(simulatedClock());
    own.expect(B);
    expect(own.classify(live(A))).toBe("overtaken");
    expect(own.classify(stored(B))).toBe("overtaken");
    expect(own.classify(live(B))).toBe("echo");
    expect(own.classify(live(A))).toBe("foreign");
  });

  test("on other topics don't matter", () => {
    const own = createOwnPublications(simulatedClock());
    own.expect(A);
    expect(own.classify(live({ ...A, topic: "te/device/b///twin/x" }))).toBe("foreign");
  });

  test("an echo that came takes along earlier ones, which will not come any more", () => {
    const own = createOwnPublications(simulatedClock());
    own.expect(A);
    own.expect(B);
    own.expect(cleared(A.topic));
    expect(own.classify(live(B))).toBe("echo");
    expect(own.classify(live(A))).toBe("overtaken");
    expect(own.classify(live(cleared(A.topic)))).toBe("echo");
  });

  test.each(["dropped", "refused", "closed"] as const)("one that was %s does not come", (outcome) => {
    const own = createOwnPublications(simulatedClock());
    own.expect(A)(outcome);
    expect(own.classify(live(A))).toBe("foreign");
  });

  test("one that was acknowledged long ago does not come any more", async () => {
    const clock = simulatedClock();
    const own = createOwnPublications(clock);
    own.expect(A)("delivered");
    await clock.advance(599_000);
    expect(own.classify(live(B))).toBe("overtaken");
    await clock.advance(2_000);
    expect(own.classify(live(B))).toBe("foreign");
  });

  test("one that was acknowledged seconds before another that came back does not come any more", async () => {
    const clock = simulatedClock();
    const own = createOwnPublications(clock);
    const other = retained("te/device/b///twin/x", "1");
    own.expect(A)("delivered");
    await clock.advance(5_000);
    own.expect(other)("delivered");
    expect(own.classify(live(B))).toBe("overtaken");
    expect(own.classify(live(other))).toBe("echo");
    expect(own.classify(live(B))).toBe("foreign");
  });

  test("one that was acknowledged at about the time of another that came back may be on its way", async () => {
    const clock = simulatedClock();
    const own = createOwnPublications(clock);
    const other = retained("te/device/b///twin/x", "1");
    own.expect(A)("delivered");
    await clock.advance(4_000);
    own.expect(other)("delivered");
    expect(own.classify(live(other))).toBe("echo");
    expect(own.classify(live(B))).toBe("overtaken");
  });

  test("with the session the broker forgets what it acknowledged, not what it has yet to get", () => {
    const own = createOwnPublications(simulatedClock());
    own.expect(A)("delivered");
    own.expect({ ...B, topic: "te/device/b///twin/x" });
    own.sessionLost();
    expect(own.classify(live(B))).toBe("foreign");
    expect(own.classify(live({ ...B, topic: "te/device/b///twin/x" }))).toBe("echo");
  });

  test("thousands that never come back are forgotten in time", async () => {
    const clock = simulatedClock();
    const own = createOwnPublications(clock);
    for (let n = 0; n < 2_000; n += 1) own.expect(retained(`te/device/d${n}//`, "{}"))("delivered");
    await clock.advance(600_000);
    own.expect(A);
    expect(own.classify(live(retained("te/device/d0//", "other")))).toBe("foreign");
  });
});
