import type { Clock } from "../../base/clock.ts";
import { describeFault, toFault } from "../../base/fault.ts";
import { isJsonObject, type JsonObject, parseJson, stringifyJson } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import type { Unit } from "../../base/unit.ts";
import type { Channel } from "../../bus/channel.ts";
import { createSession } from "../../bus/create-session.ts";
import { deviceId, type EntityId, MAIN_DEVICE } from "../../bus/entity-id.ts";
import { cleared, payloadText, type ReceivedMessage, retained } from "../../bus/message.ts";
import type { BrokerEndpoint } from "../../bus/session.ts";
import { LOCAL_SESSION } from "../../bus/session-defaults.ts";
import { topicSchema } from "../../bus/topic.ts";
import type { Check } from "./checklist.ts";

export interface CloudOperatorOptions {
  readonly endpoint: BrokerEndpoint;
  /** Remote topic below which the gateway's bus appears, for example `gateways/demo/te`. */
  readonly root: string;
  readonly childName: string;
  /** Base address of the gateway's file transfer service, for example `http://127.0.0.1:8000`. */
  readonly gateway: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly tell: (text: string) => void;
  readonly observe: (check: Check) => void;
}

const REQUEST_TIMEOUT = 5_000;
const NEW_CONFIGURATION = { every_seconds: 1 };

/**
 * Plays the cloud: sees what the bridge brings, makes a configuration file available on the gateway and asks the child to take it, asks the
 * gateway to run a workflow, and follows both operations to their end.
 */
export function createCloudOperator(options: CloudOperatorOptions): Unit {
  const { tell, observe } = options;
  const prefix = `${options.root.split("/").slice(0, -1).join("/")}/`;
  const schema = topicSchema(options.root.slice(prefix.length));
  const child = deviceId(options.childName);
  const remote = (entity: EntityId, channel: Channel) => `${prefix}${schema.topic(entity, channel)}`;
  const update: Channel = { kind: "command", operation: "config_update", id: "demo-1" };
  const workflow: Channel = { kind: "command", operation: "self_check", id: "demo-1" };
  let acting: Promise<void> | undefined;

  const session = createSession(
    {
      ...LOCAL_SESSION,
      endpoint: options.endpoint,
      clientId: "demo-cloud-operator",
      clean: true,
      subscriptions: [{ filter: `${options.root}/#`, qos: 1 }],
      onMessage(message, acknowledge) {
        see(message);
        acknowledge();
      },
    },
    options,
  );

  function see(message: ReceivedMessage): void {
    const about = schema.parse(message.topic.slice(prefix.length));
    if (about === undefined) return;
    const payload = payloadText(message) ?? "";
    switch (about.channel.kind) {
      case "measurement":
        if (about.entity !== child) return;
        observe("readings-in-cloud");
        acting ??= act();
        return;
      case "alarm":
        return observe(payload === "" ? "alarm-cleared" : "alarm-raised");
      case "command":
        return follow(about.entity, about.channel, payload);
      default:
        return;
    }
  }

  function follow(entity: EntityId, channel: Channel & { kind: "command" }, payload: string): void {
    const parsed = parseJson(payload);
    if (!parsed.ok || !isJsonObject(parsed.value) || typeof parsed.value.status !== "string") return;
    const { status } = parsed.value;
    if (status === "init") return;
    tell(`sees ${channel.operation} of ${entity} ${status}${reasonOf(parsed.value)}`);
    if (status !== "successful" && status !== "failed") return;
    if (status === "successful") observe(entity === child ? "config-applied" : "workflow-done");
    void session.publish(cleared(remote(entity, channel)));
  }

  async function act(): Promise<void> {
    tell("asks the gateway to run the workflow self_check");
    await session.publish(retained(remote(MAIN_DEVICE, workflow), stringifyJson({ status: "init" })));
    const url = `${options.gateway}/te/v1/files/${options.childName}/config_update/readings-demo-1`;
    try {
      const body = JSON.stringify(NEW_CONFIGURATION);
      const answer = await fetch(url, { method: "PUT", body, signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
      const check = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT) });
      if (answer.status === 201 && (await check.text()) === body) observe("file-available");
    } catch (thrown) {
      return tell(`could not make the file available: ${describeFault(toFault(thrown))}`);
    }
    tell(`made a file available at ${url} and asks the child to take it`);
    const request = { status: "init", type: "readings", tedgeUrl: url, remoteUrl: url };
    await session.publish(retained(remote(child, update), stringifyJson(request)));
  }

  return {
    name: "cloud",
    async start(signal) {
      session.open();
      await session.ready(signal);
    },
    async stop() {
      await session.close(2_000);
      await acting;
    },
  };
}

function reasonOf(command: JsonObject): string {
  return typeof command.reason === "string" ? `: ${command.reason}` : "";
}
