import * as v from "valibot";
import { type Clock, sleep } from "../../base/clock.ts";
import { describeFault, toFault } from "../../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import type { Unit } from "../../base/unit.ts";
import type { Channel } from "../../bus/channel.ts";
import { createSession } from "../../bus/create-session.ts";
import { deviceId } from "../../bus/entity-id.ts";
import { cleared, payloadText, type ReceivedMessage, retained, transient } from "../../bus/message.ts";
import type { BrokerEndpoint } from "../../bus/session.ts";
import { LOCAL_SESSION } from "../../bus/session-defaults.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import { hostProbe } from "./host-readings.ts";

export interface SimulatedChildOptions {
  readonly deviceName: string;
  readonly endpoint: BrokerEndpoint;
  readonly schema: TopicSchema;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Tells the person who watches. */
  readonly tell: (text: string) => void;
}

/** The configuration that the child takes: how often it measures. */
const ChildConfiguration = v.object({ every_seconds: v.pipe(v.number(), v.minValue(0.5), v.maxValue(60)) });

const READINGS_BEFORE_ALARM = 2;
const ALARM_LASTS = 3_000;
const DOWNLOAD_TIMEOUT = 10_000;

/**
 * A small child device as its maker would program it, with nothing but MQTT and HTTP: it registers itself, publishes readings of this
 * host, raises and clears an alarm, and carries out configuration updates whose file it downloads from the file transfer service.
 */
export function createSimulatedChild(options: SimulatedChildOptions): Unit {
  const { clock, schema, tell } = options;
  const device = deviceId(options.deviceName);
  const topic = (channel: Channel) => schema.topic(device, channel);
  const stopping = new AbortController();
  const probe = hostProbe();
  let every = 2_000;
  let measuring: Promise<void> = Promise.resolve();
  let updating: Promise<void> = Promise.resolve();

  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint: options.endpoint,
      clientId: `demo-${options.deviceName}`,
      clean: true,
      subscriptions: [{ filter: topic({ kind: "command", operation: "config_update", id: "+" }), qos: 1 }],
      onMessage(message, acknowledge) {
        updating = updating.then(() => carryOut(message)).then(acknowledge);
      },
    },
    options,
  );

  async function measure(): Promise<void> {
    for (let count = 1; !stopping.signal.aborted; count += 1) {
      const readings = { ...(await probe()) };
      await session.publish(transient(topic({ kind: "measurement", type: "host" }), stringifyJson(readings)));
      tell(
        `measured ${Object.entries(readings)
          .map(([name, value]) => `${name} ${value}`)
          .join(", ")}`,
      );
      if (count === READINGS_BEFORE_ALARM) await doorOpensAndCloses();
      await sleep(clock, every, stopping.signal);
    }
  }

  async function doorOpensAndCloses(): Promise<void> {
    const alarm = topic({ kind: "alarm", type: "door_open" });
    tell("raises an alarm: the cabinet door is open");
    await session.publish(retained(alarm, stringifyJson({ severity: "warning", text: "The cabinet door is open" })));
    await sleep(clock, ALARM_LASTS, stopping.signal);
    tell("clears the alarm: the door is closed again");
    await session.publish(cleared(alarm));
  }

  async function carryOut(message: ReceivedMessage): Promise<void> {
    const command = parseJson(payloadText(message) ?? "");
    if (!command.ok || !isJsonObject(command.value) || command.value.status !== "init") return;
    const request: JsonObject = command.value;
    const answer = (change: JsonObject) =>
      session.publish(retained(message.topic, stringifyJson({ ...request, ...change })));
    await answer({ status: "executing" });
    const url = text(request.tedgeUrl) ?? text(request.remoteUrl) ?? "";
    tell(`was asked for a configuration update, downloads ${url}`);
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT) });
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      every = v.parse(ChildConfiguration, await response.json()).every_seconds * 1_000;
      tell(`applied the new configuration: it measures every ${every / 1_000} s from now on`);
      await answer({ status: "successful" });
    } catch (thrown) {
      const reason = describeFault(toFault(thrown));
      tell(`could not update its configuration: ${reason}`);
      await answer({ status: "failed", reason });
    }
  }

  return {
    name: options.deviceName,
    async start(signal) {
      session.open();
      await session.ready(signal);
      tell(`registers itself on ${schema.topic(device, { kind: "registration" })}`);
      const registration = { "@type": "child-device", name: "Cabinet sensor", type: "demo-sensor" };
      await session.publish(retained(topic({ kind: "registration" }), stringifyJson(registration)));
      const capability = topic({ kind: "capability", operation: "config_update" });
      await session.publish(retained(capability, stringifyJson({ types: ["readings"] })));
      measuring = measure();
    },
    async stop() {
      stopping.abort();
      await session.close(2_000);
      await Promise.all([measuring, updating]);
    },
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
