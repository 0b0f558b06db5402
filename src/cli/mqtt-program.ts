import type { Command } from "commander";
import type { Duration } from "../base/duration.ts";
import type { QoS } from "../bus/message.ts";
import type { Run } from "./program.ts";
import {
  connectionTimeoutOption,
  countArgument,
  durationArgument,
  durationOption,
  qosArgument,
} from "./typed-argument.ts";

interface PubOptions {
  readonly qos: QoS;
  readonly retain?: boolean;
  readonly base64?: boolean;
  readonly repeat: number;
  readonly sleep: Duration;
  readonly connectionTimeout: Duration;
}

interface SubOptions {
  readonly qos: QoS;
  /** False with `--no-topic`. */
  readonly topic: boolean;
  readonly base64?: boolean;
  readonly duration?: Duration;
  readonly count?: number;
  readonly retainedOnly?: boolean;
  readonly connectionTimeout: Duration;
}

/** `tedge mqtt pub` and `tedge mqtt sub` (spec/cli-and-config §9.1). */
export function defineMqtt(program: Command, run: Run): void {
  const mqtt = program.command("mqtt").description("publish and subscribe on the local MQTT broker");
  definePub(mqtt, run);
  defineSub(mqtt, run);
}

function definePub(mqtt: Command, run: Run): void {
  mqtt
    .command("pub")
    .description("publish a message and wait until the broker has it")
    .argument("<topic>", "topic to publish to")
    .argument("<message>", "payload; an empty one with --retain clears what is retained")
    .option("-q, --qos <qos>", "quality of service: 0, 1 or 2", qosArgument, 1)
    .option("-r, --retain", "have the broker keep the message for later subscribers")
    .option("--base64", "the message is base64 text of the payload")
    .option("--repeat <count>", "publish so many times", countArgument, 1)
    .addOption(durationOption("--sleep <duration>", "pause between repetitions", "1s"))
    .addOption(connectionTimeoutOption())
    .action((topic: string, message: string, options: PubOptions, command: Command) =>
      run(command, async (context) => {
        const { mqttPub } = await import("./mqtt-pub.ts");
        const { localBroker } = await import("./local-broker.ts");
        const { retain = false, base64 = false, ...rest } = options;
        return mqttPub(context, () => localBroker(context), { ...rest, topic, message, retain, base64 });
      }),
    );
}

function defineSub(mqtt: Command, run: Run): void {
  mqtt
    .command("sub")
    .description("print the messages of a topic filter")
    .argument("<filter>", "topics to subscribe to; + and # are wildcards")
    .option("-q, --qos <qos>", "quality of service: 0, 1 or 2", qosArgument, 0)
    .option("--no-topic", "print payloads only")
    .option("--base64", "print payloads as base64")
    .option("-W, --duration <duration>", "end after so long", durationArgument)
    .option("-C, --count <count>", "end after so many messages", countArgument)
    .option("--retained-only", "end at the first message that is not retained")
    .addOption(connectionTimeoutOption())
    .action((filter: string, options: SubOptions, command: Command) =>
      run(command, async (context) => {
        const { mqttSub } = await import("./mqtt-sub.ts");
        const { localBroker } = await import("./local-broker.ts");
        const { topic, base64 = false, retainedOnly = false, ...rest } = options;
        return mqttSub(context, () => localBroker(context), { ...rest, filter, noTopic: !topic, base64, retainedOnly });
      }),
    );
}
