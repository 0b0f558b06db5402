import { describe, expect, test } from "bun:test";
import { BRIDGE_HEALTH, type Gateway, type GatewayOptions, makeGateway } from "./end-to-end-gateway.ts";
import { type Stream, startTraffic } from "./end-to-end-traffic.ts";
import { mosquittoSub } from "./world/mosquitto-clients.ts";

/**
 * Only tebus is judged, so mosquitto must lose nothing by itself. It saves its state after each change and is killed when everything that
 * it acknowledged is saved (`killSaved`), and it may queue as much as it likes, which it otherwise drops beyond 1,000 messages.
 */
const SAFE: GatewayOptions = { brokers: { persistence: "every-change", config: ["max_queued_messages 0"] } };

/** As many messages as mosquitto sends before it waits for an acknowledgement: so many may come twice after a kill. */
const WINDOW = 20;

async function runGateway(): Promise<Gateway> {
  const gateway = await makeGateway(SAFE);
  await gateway.start();
  return gateway;
}

/** `kills` are those that can explain copies without the DUP flag. */
async function judge(stream: Stream, count: number, kills: { readonly bridge: number; readonly broker: number }) {
  await stream.arrived();
  const { published, recorded, excessOfBridge, excessOfBroker } = stream.report();
  expect(recorded.toSorted((one, other) => one - other)).toEqual(Array.from({ length: count }, (_, number) => number));
  expect(recorded).toEqual(published);
  expect(excessOfBridge).toBeLessThanOrEqual(kills.bridge * WINDOW);
  expect(excessOfBroker).toBeLessThanOrEqual(kills.broker * WINDOW);
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
    await judge(outbound, count, { bridge: 2, broker: 1 });
    await judge(inbound, count, { bridge: 2, broker: 1 });
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
    await judge(traffic.outbound, count, { bridge: 3, broker: 0 });
    await judge(traffic.inbound, count, { bridge: 0, broker: 3 });
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
    await judge(traffic.outbound, count, { bridge: 3, broker: 0 });
    await judge(traffic.inbound, count, { bridge: 3, broker: 0 });
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
    await judge(traffic.outbound, count, { bridge: 0, broker: 0 });
    await judge(traffic.inbound, count, { bridge: 0, broker: 0 });
  });

  /** A broker that stops cuts the line to the bridge as one that is killed does: whether it still got an acknowledgement, nobody knows. */
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
    await judge(traffic.outbound, count, { bridge: 1, broker: 0 });
    await judge(traffic.inbound, count, { bridge: 1, broker: 0 });
  });
});
