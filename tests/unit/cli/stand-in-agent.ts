import { systemClock } from "../../../src/base/clock.ts";
import { createLog } from "../../../src/base/log.ts";
import { createSession } from "../../../src/bus/create-session.ts";
import { payloadText, retained } from "../../../src/bus/message.ts";
import { LOCAL_SESSION } from "../../../src/bus/session-defaults.ts";

/** What the world on the other side of the broker does: offers operations, answers requests, and sees what is published. */
export interface StandInAgent extends AsyncDisposable {
  /** `[topic, payload]` of all command topics, in order. */
  readonly seen: readonly (readonly [topic: string, text: string])[];
  publish(topic: string, text: string): Promise<void>;
  /** Resolves once the text was seen on the topic. */
  see(topic: string, text: string): Promise<void>;
}

/** `answers` gives the states that follow a request. */
export async function standInAgent(
  port: number,
  offered: readonly string[],
  answers: (topic: string) => readonly (readonly [topic: string, text: string])[] = () => [],
): Promise<StandInAgent> {
  const seen: (readonly [string, string])[] = [];
  let changed = Promise.withResolvers<void>();
  const session = createSession(
    {
      ...LOCAL_SESSION,
      clean: true,
      clientId: "agent",
      endpoint: { host: "127.0.0.1", port },
      subscriptions: [{ filter: "te/+/+/+/+/cmd/+/+", qos: 1 }],
      onMessage(message, acknowledge) {
        acknowledge();
        const text = payloadText(message) ?? "";
        seen.push([message.topic, text]);
        changed.resolve();
        changed = Promise.withResolvers();
        if (!text.includes('"status":"init"') || message.topic.includes("sub:")) return;
        for (const [topic, answer] of answers(message.topic)) void session.publish(retained(topic, answer));
      },
    },
    { clock: systemClock, random: Math.random, log: createLog("test") },
  );
  session.open();
  await session.ready(new AbortController().signal);
  const publish = async (topic: string, text: string) => void (await session.publish(retained(topic, text)));
  for (const operation of offered) await publish(`te/device/main///cmd/${operation}`, "{}");
  return {
    seen,
    publish,
    async see(topic, text) {
      while (!seen.some((one) => one[0] === topic && one[1] === text)) await changed.promise;
    },
    [Symbol.asyncDispose]: () => session.close(1_000),
  };
}
