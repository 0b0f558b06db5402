import { describe, expect, test } from "bun:test";
import { BRIDGE_HEALTH, type Gateway, type GatewayOptions, makeGateway } from "./end-to-end-gateway.ts";
import { type Stream, type StreamReport, startTraffic } from "./end-to-end-traffic.ts";
import { mosquittoSub } from "./world/mosquitto-clients.ts";

/**
 * Only tebus is judged, so mosquitto must lose nothing by itself. It saves its state after each change and is killed when everything that
 * it acknowledged is saved (`killSaved`), and it may queue as much as it likes, which it otherwise drops beyond 1,000 messages.
 */
const SAFE: GatewayOptions = { brokers: { persistence: "every-change", config: ["max_queued_messages 0"] } };

/**
 * Mosquitto sets the DUP flag only if it saved, before it was killed, that it had sent the message, or if sending it to a program that was
 * killed still succeeded. So as many as it sends without acknowledgement may come again without the flag after a kill.
 */
const WINDOW = 20;

async function runGateway(): Promise<Gateway> {
  const gateway = await makeGateway(SAFE);
  await gateway.start();
  return gateway;
}

/** How often tebus was killed, and the broker that the stream comes from or goes to. */
interface Kills {
  readonly tebus: number;
  readonly first: number;
  readonly second: number;
}

const NO_KILLS: Kills = { tebus: 0, first: 0, second: 0 };

/** tebus adds no copy, whatever is killed; a broker adds none unless it, or the one that it sends to, is killed. */
async function judge(stream: Stream, count: number, kills: Kills = NO_KILLS): Promise<StreamReport> {
  await stream.arrived();
  const report = stream.report();
  const { published, recorded, excess } = report;
  expect(recorded.toSorted((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, number) => number));
  expect(recorded).toEqual(published);
  expect(excess.bridge).toBe(0);
  expect(excess.firstBroker).toBeLessThanOrEqual((kills.tebus + kills.first) * WINDOW);
  expect(excess.secondBroker).toBeLessThanOrEqual(kills.second * WINDOW);
  return report;
}

describe("no message of QoS 1 is lost in either direction, and none comes twice without need,", () => {
  test("while the far broker is dead for ten seconds, and meanwhile tebus and the local broker are killed too", async () => {
    await using gateway = await runGateway();
    await using health = await mosquittoSub(gateway.local, [BRIDGE_HEALTH]);
    const count = 1_150;
    await using traffic = await startTraffic(gateway, { count, rate: 100 });
    const { outbound, inbound } = traffic;
    await outbound.published(50);
    await gateway.far.killSaved();
    await health.next(BRIDGE_HEALTH, /"down"/);
    await outbound.published(350);
    await gateway.tebus().kill();
    await outbound.published(450);
    await gateway.start();
    await outbound.published(650);
    await gateway.local.killSaved();
    await gateway.local.start();
    await outbound.published(1_050);
    await gateway.far.start();
    await judge(outbound, count, { tebus: 1, first: 1, second: 1 });
    await judge(inbound, count, { tebus: 1, first: 1, second: 1 });
  });

  test("while the local broker is killed again and again", async () => {
    await using gateway = await runGateway();
    const count = 400;
    await using traffic = await startTraffic(gateway, { count, rate: 200 });
    for (const published of [100, 200, 300]) {
      await traffic.outbound.published(published);
      await gateway.local.killSaved();
      await gateway.local.start();
    }
    await judge(traffic.outbound, count, { ...NO_KILLS, first: 3 });
    await judge(traffic.inbound, count, { ...NO_KILLS, second: 3 });
  });

  test("while tebus is killed again and again", async () => {
    await using gateway = await runGateway();
    const count = 400;
    await using traffic = await startTraffic(gateway, { count, rate: 200 });
    for (const published of [100, 200, 300]) {
      await traffic.outbound.published(published);
      await gateway.tebus().kill();
      await gateway.start();
    }
    await judge(traffic.outbound, count, { ...NO_KILLS, tebus: 3 });
    await judge(traffic.inbound, count, { ...NO_KILLS, tebus: 3 });
  });

  test("while tebus is restarted in order", async () => {
    await using gateway = await runGateway();
    const count = 400;
    await using traffic = await startTraffic(gateway, { count, rate: 200 });
    for (const published of [100, 250]) {
      await traffic.outbound.published(published);
      expect(await gateway.tebus().stop()).toBe(0);
      await gateway.start();
    }
    expect((await judge(traffic.outbound, count)).repeats).toBe(0);
    expect((await judge(traffic.inbound, count)).repeats).toBe(0);
  });

  test("while both brokers are restarted", async () => {
    await using gateway = await runGateway();
    const count = 400;
    await using traffic = await startTraffic(gateway, { count, rate: 200 });
    for (const [published, broker] of [
      [100, gateway.local],
      [250, gateway.far],
    ] as const) {
      await traffic.outbound.published(published);
      await broker.stop();
      await broker.start();
    }
    await judge(traffic.outbound, count);
    await judge(traffic.inbound, count);
  });
});
