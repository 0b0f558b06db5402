import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Unit } from "../../base/unit.ts";
import { createSession } from "../../bus/create-session.ts";
import { deviceId, MAIN_DEVICE, serviceId } from "../../bus/entity-id.ts";
import { payloadText } from "../../bus/message.ts";
import type { BrokerEndpoint } from "../../bus/session.ts";
import { LOCAL_SESSION } from "../../bus/session-defaults.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import type { Check } from "./checklist.ts";

export interface GatewayObserverOptions {
  readonly endpoint: BrokerEndpoint;
  readonly schema: TopicSchema;
  readonly childName: string;
  readonly bridgeService: string;
  readonly gateway: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly observe: (check: Check) => void;
}

const REQUEST_TIMEOUT = 5_000;

/** Looks at the gateway from outside, as a monitoring program would: health topics, and the twin over HTTP. */
export function createGatewayObserver(options: GatewayObserverOptions): Unit {
  const { schema, observe } = options;
  const health = (service: string) =>
    schema.topic(serviceId(MAIN_DEVICE, service), { kind: "status", component: "health" });
  const agent = health("tedge-agent");
  const bridge = health(options.bridgeService);
  const child = deviceId(options.childName);
  const childName = schema.topic(child, { kind: "twin", key: "name" });
  let asking: Promise<void> = Promise.resolve();

  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint: options.endpoint,
      clientId: "demo-observer",
      clean: true,
      subscriptions: [agent, bridge, childName].map((filter) => ({ filter, qos: 1 })),
      onMessage(message, acknowledge) {
        acknowledge();
        if (message.topic === childName) asking = asking.then(lookUpChild);
        else if (payloadText(message)?.includes('"status":"up"') === true) {
          observe(message.topic === agent ? "agent-up" : "bridge-up");
        }
      },
    },
    options,
  );

  async function lookUpChild(): Promise<void> {
    try {
      const url = `${options.gateway}/te/v1/entities/${child}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
      if (response.ok && (await response.text()).includes(`"@topic-id":"${child}"`)) observe("child-registered");
    } catch {
      // Not seen then, and told at the end.
    }
  }

  return {
    name: "observer",
    async start(signal) {
      session.open();
      await session.ready(signal);
    },
    async stop() {
      await session.close(2_000);
      await asking;
    },
  };
}
