import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { systemClock } from "../../../src/base/clock.ts";
import { createSession } from "../../../src/bus/create-session.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../../src/bus/embedded-broker.ts";
import { payloadText, type ReceivedMessage, retained, transient } from "../../../src/bus/message.ts";
import type { Session, SessionOptions } from "../../../src/bus/session.ts";
import { keptLog, PLAIN_OPTIONS } from "./hand-wire.ts";

const log = keptLog();
let broker: EmbeddedBroker;
const sessions: Session[] = [];

beforeEach(async () => {
  broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log });
});

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close(1_000);
  await broker.stop();
});

/** A session that is ready, and what it receives. */
async function ready(clientId: string, options: Partial<SessionOptions> = {}) {
  const arrivals: string[] = [];
  let look = () => {};
  const onMessage = (message: ReceivedMessage, acknowledge: () => void) => {
    arrivals.push(`${message.topic} ${payloadText(message)}${message.retain ? " retained" : ""}`);
    acknowledge();
    look();
  };
  const session = createSession(
    { ...PLAIN_OPTIONS, endpoint: broker, clientId, subscriptions: [], onMessage, ...options },
    { clock: systemClock, random: Math.random, log },
  );
  sessions.push(session);
  session.open();
  await session.ready(AbortSignal.timeout(5_000));
  const arrived = (count: number) =>
    new Promise<readonly string[]>((resolve) => {
      look = () => {
        if (arrivals.length >= count) resolve(arrivals);
      };
      look();
    });
  return { session, arrived };
}

const TO_X = { subscriptions: [{ filter: "x/#", qos: 1 }] } as const;

describe("the embedded broker", () => {
  test("listens on a free port when asked for port 0", () => {
    expect(broker.port).toBeGreaterThan(0);
  });

  test("carries messages from one session to another, in order", async () => {
    const reader = await ready("reader", TO_X);
    const { session } = await ready("writer");
    const outcomes = [1, 2, 3].map((number) => session.publish(transient("x/a", `${number}`)));
    expect(await Promise.all(outcomes)).toEqual(["delivered", "delivered", "delivered"]);
    expect(await reader.arrived(3)).toEqual(["x/a 1", "x/a 2", "x/a 3"]);
  });

  test("keeps retained messages for whoever comes later", async () => {
    const { session } = await ready("writer");
    await session.publish(retained("x/a", "kept"));
    expect(await (await ready("reader", TO_X)).arrived(1)).toEqual(["x/a kept retained"]);
  });

  test("keeps QoS 1 messages for a persistent session that is away", async () => {
    const first = await ready("reader", TO_X);
    await first.session.close(1_000);
    const { session } = await ready("writer");
    await session.publish(transient("x/a", "missed"));
    expect(await (await ready("reader", TO_X)).arrived(1)).toEqual(["x/a missed"]);
  });

  test("publishes the farewell of a session that closes", async () => {
    const reader = await ready("reader", TO_X);
    const { session } = await ready("writer", { will: transient("x/will", "gone") });
    await session.close(1_000);
    expect(await reader.arrived(1)).toEqual(["x/will gone"]);
  });

  test("survives clients that do not speak MQTT", async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(broker.port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\n\r\n"));
      socket.on("close", () => resolve());
      socket.on("error", () => resolve());
    });
    const { session } = await ready("writer");
    expect(await session.publish(transient("x/a", "still here"))).toBe("delivered");
  });

  test("can be stopped while clients are connected, and twice", async () => {
    await ready("reader", TO_X);
    await broker.stop();
    await broker.stop();
  });

  test("says so when its port is taken", async () => {
    const second = startEmbeddedBroker({ host: "127.0.0.1", port: broker.port, log });
    await expect(second).rejects.toMatchObject({ fault: { code: "cannot-listen", cause: { code: "EADDRINUSE" } } });
  });
});
