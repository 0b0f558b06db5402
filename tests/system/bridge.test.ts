import { afterEach, describe, expect, test } from "bun:test";
import { connect as connectTcp, createServer } from "node:net";
import { connectAsync, type MqttClient } from "mqtt";
import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { createBridge } from "../../src/bridge/create-bridge.ts";
import { freePort } from "./world/free-port.ts";
import { type Mosquitto, startMosquitto } from "./world/mosquitto.ts";
import { waitUntil } from "./world/wait-until.ts";

const MESSAGES = 5_000;
const QUIET: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing, trace: nothing };
/** By default mosquitto drops what waits for a client beyond 1,000 messages, and that is not what is tried here. */
const ROOMY = ["max_queued_messages 0"];
/** Every message is written to its subscriber before it is acknowledged to its publisher, so that a kill loses none of these. */
const EAGER = ["max_inflight_messages 0", "set_tcp_nodelay true"];

const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function keep<T>(made: T, close: (made: T) => Promise<unknown>): T {
  open.push(() => close(made));
  return made;
}

async function broker(config: readonly string[]): Promise<Mosquitto> {
  return keep(await startMosquitto({ config }), (made) => made.dispose());
}

/** The way from the bridge to the remote broker; the test opens it only when somebody listens there. */
async function gate(target: number): Promise<{ readonly port: number; open(): Promise<void>; close(): Promise<void> }> {
  const port = await freePort();
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    const onward = connectTcp(target, "127.0.0.1");
    for (const one of [socket, onward]) {
      sockets.add(one);
      one.on("error", nothing);
      one.on("close", () => {
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  });
  const close = async () => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await closed;
  };
  return keep({ port, open: () => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve)), close }, () =>
    close(),
  );
}

interface Recorder {
  readonly texts: string[];
  /** Resolves once the subscription stands (again). */
  listening(): Promise<unknown>;
}

/** Takes QoS 0: it never writes, so a broker that is killed ends its connection in an orderly way, after all that was sent. */
async function record(port: number): Promise<Recorder> {
  const client = keep(
    await connectAsync({ host: "127.0.0.1", port, reconnectPeriod: 20, resubscribe: false }),
    (made) => made.endAsync(true),
  );
  const texts: string[] = [];
  let isListening = false;
  client.on("message", (_topic, payload) => texts.push(payload.toString()));
  client.on("error", nothing);
  client.on("close", () => {
    isListening = false;
  });
  const subscribe = async () => {
    await client.subscribeAsync("r/#", { qos: 0 });
    isListening = true;
  };
  client.on("connect", () => subscribe().catch(nothing));
  await subscribe();
  return { texts, listening: () => waitUntil("the recorder listens", () => isListening) };
}

async function bridge(local: number, remote: number): Promise<void> {
  const identity = { clean: false, keepAlive: 60, connectTimeout: 5_000 };
  const made = createBridge(
    {
      name: "bridge",
      local: { ...identity, endpoint: { host: "127.0.0.1", port: local }, clientId: "bridge" },
      remote: { ...identity, endpoint: { host: "127.0.0.1", port: remote }, clientId: "device" },
      rules: [{ localPrefix: "l/", remotePrefix: "r/", topic: "#", direction: "outbound" }],
      healthTopic: "health",
      errorsTopic: "errors",
      maxPacket: 1_000,
      reconnect: { initial: 50, maximum: 200, resetWindow: 1_000 },
    },
    { clock: systemClock, random: Math.random, log: QUIET },
  );
  await keep(made, (unit) => unit.stop()).start(AbortSignal.timeout(10_000));
}

async function publisher(port: number): Promise<MqttClient> {
  return keep(await connectAsync({ host: "127.0.0.1", port }), (made) => made.endAsync(true));
}

async function publish(client: MqttClient, texts: readonly string[]): Promise<void> {
  for (let start = 0; start < texts.length; start += 50) {
    await Promise.all(texts.slice(start, start + 50).map((text) => client.publishAsync("l/x", text, { qos: 1 })));
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => String(from + index));

describe("a bridge between two mosquittos", () => {
  test("loses none of 5,000 messages of QoS 1 while the remote broker is killed and started again", async () => {
    const [local, remote] = await Promise.all([broker(ROOMY), broker(EAGER)]);
    const way = await gate(remote.port);
    const recorder = await record(remote.port);
    await way.open();
    await bridge(local.port, way.port);
    const client = await publisher(local.port);
    const publishing = publish(client, numbers(0, MESSAGES));
    for (const share of [0.1, 0.4, 0.6]) {
      await waitUntil("a part has arrived", () => new Set(recorder.texts).size > MESSAGES * share, { timeout: 30_000 });
      await remote.kill();
      await way.close();
      await remote.start();
      await recorder.listening();
      await way.open();
    }
    await publishing;
    await waitUntil("all arrived", () => new Set(recorder.texts).size >= MESSAGES, { timeout: 30_000 });
    expect([...new Set(recorder.texts)]).toEqual(numbers(0, MESSAGES));
    // Only what was sent and not acknowledged is sent again, at most a window at each of three losses.
    expect(recorder.texts.length - MESSAGES).toBeLessThan(3 * 20 + 1);
  }, 90_000);

  test("loses nothing when the local broker restarts while the remote one is away", async () => {
    const [local, remote] = await Promise.all([broker(ROOMY), broker(EAGER)]);
    const way = await gate(remote.port);
    const recorder = await record(remote.port);
    await bridge(local.port, way.port);
    await publish(await publisher(local.port), numbers(0, 300));
    await local.stop();
    await local.start();
    await publish(await publisher(local.port), numbers(300, 600));
    await way.open();
    await waitUntil("all arrived", () => new Set(recorder.texts).size >= 600, { timeout: 30_000 });
    expect(recorder.texts).toEqual(numbers(0, 600));
  }, 60_000);
});

function nothing(): void {}
