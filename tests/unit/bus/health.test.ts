import { describe, expect, test } from "bun:test";
import { fault } from "../../../src/base/fault.ts";
import { deviceId, MAIN_DEVICE } from "../../../src/bus/entity-id.ts";
import { type ServiceHealthOptions, serviceHealth } from "../../../src/bus/health.ts";
import { joinBus } from "../../../src/bus/join-bus.ts";
import { type Message, payloadText, transient } from "../../../src/bus/message.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { handWire, keptLog, PLAIN_OPTIONS } from "./hand-wire.ts";

const UP = 'te/device/main/service/tedge-agent/status/health {"pid":7,"status":"up","time":';
const REGISTRATION =
  'te/device/main/service/tedge-agent {"@parent":"device/main//","@type":"service","name":"tedge-agent","type":"service"}';

function healthOf(options: Partial<ServiceHealthOptions> = {}) {
  return serviceHealth({
    schema: topicSchema("te"),
    device: MAIN_DEVICE,
    service: "tedge-agent",
    serviceType: "service",
    timestampFormat: "unix",
    clock: simulatedClock(),
    pid: 7,
    publish: () => Promise.resolve("delivered"),
    ...options,
  });
}

const text = (message: Message) => `${message.topic} ${payloadText(message)}`;

describe("a service", () => {
  test("registers itself, says that it is up, and leaves word for when it is not", () => {
    const health = healthOf();
    expect(text(health.registration)).toBe(REGISTRATION);
    expect(text(health.up())).toBe(`${UP}0}`);
    expect(text(health.down)).toBe('te/device/main/service/tedge-agent/status/health {"pid":7,"status":"down"}');
    for (const message of [health.registration, health.up(), health.down]) {
      expect([message.qos, message.retain]).toEqual([1, true]);
    }
  });

  test("of an empty type is of type `service`", () => {
    expect(healthOf({ serviceType: "" }).registration).toEqual(healthOf().registration);
    expect(payloadText(healthOf({ serviceType: "systemd" }).registration)).toContain('"type":"systemd"');
  });

  test("of a child device stands below that device", () => {
    const { registration } = healthOf({ device: deviceId("valve2") });
    expect(registration.topic).toBe("te/device/valve2/service/tedge-agent");
    expect(payloadText(registration)).toContain('"@parent":"device/valve2//"');
  });
});

describe("on the bus, a service", () => {
  function onBus() {
    const wire = handWire();
    const clock = simulatedClock();
    const health = healthOf({ clock, publish: (message) => bus.session.publish(message) });
    const bus = joinBus(
      [health],
      { ...PLAIN_OPTIONS, will: health.down, birth: health.birth },
      { clock, random: () => 0.5, log: keptLog(), wire },
    );
    bus.session.open();
    return { wire, clock, bus, published: () => wire.now.published.map(({ message }) => text(message)) };
  }

  test("registers first, then is up", () => {
    const { wire, published } = onBus();
    wire.now.accept();
    expect(published()).toEqual([REGISTRATION, `${UP}0}`]);
    expect(wire.now.options.will).toEqual(healthOf().down);
  });

  test("answers each health check, of itself or of its device, with the time of the answer", async () => {
    const { wire, clock, published } = onBus();
    wire.now.accept();
    for (const [index, target] of ["device/main/service/tedge-agent", "device/main//"].entries()) {
      await clock.advance(1_500);
      wire.now.receive(transient(`te/${target}/cmd/health/check`, ""), index + 1);
      wire.now.events.acknowledged(wire.now.published.at(-1)?.packetId ?? 0);
      await clock.advance(0);
    }
    expect(published().slice(2)).toEqual([`${UP}1.5}`, `${UP}3}`]);
    expect(wire.now.acknowledged).toEqual([1, 2]);
  });

  test("is up again as the first message of another connection", async () => {
    const { wire, clock, published } = onBus();
    wire.now.accept();
    for (const { packetId } of wire.now.published) wire.now.events.acknowledged(packetId);
    wire.now.events.closed(fault("connection-lost", "gone"));
    await clock.advance(1_000);
    wire.now.accept(true);
    await clock.advance(0);
    expect(published()).toEqual([`${UP}1}`]);
  });

  test("registers anew behind that, when the broker lost the session", async () => {
    const { wire, clock, published } = onBus();
    wire.now.accept();
    for (const { packetId } of wire.now.published) wire.now.events.acknowledged(packetId);
    wire.now.events.closed(fault("connection-lost", "gone"));
    await clock.advance(1_000);
    wire.now.accept(false);
    await clock.advance(0);
    expect(published()).toEqual([`${UP}1}`, REGISTRATION]);
  });

  test("is down before it goes", async () => {
    const { wire, bus, published } = onBus();
    wire.now.accept();
    const closed = bus.session.close(1_000);
    expect(published().at(-1)).toContain('"status":"down"');
    for (const { packetId } of wire.now.published) wire.now.events.acknowledged(packetId);
    expect(wire.now.isDisconnected).toBe(true);
    wire.now.events.closed(fault("connection-lost", "gone"));
    await closed;
  });
});
