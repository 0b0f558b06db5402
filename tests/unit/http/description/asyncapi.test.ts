import { describe, expect, test } from "bun:test";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { asyncApiDocument } from "../../../../src/http/description/asyncapi.ts";

interface Document {
  readonly servers: { readonly broker: { readonly host: string; readonly protocol: string } };
  readonly channels: Record<string, { address: string; parameters?: Record<string, { description: string }> }>;
  readonly operations: Record<
    string,
    { action: string; channel: { $ref: string }; messages: { $ref: string }[]; bindings: { mqtt: object } }
  >;
  readonly components: { messages: Record<string, { payload?: object }>; schemas: Record<string, object> };
}

function document(root = "te", host = "127.0.0.1"): Document {
  return JSON.parse(asyncApiDocument({ root, broker: { host, port: 8883, isEncrypted: true } }));
}

function resolve(whole: object, reference: string): unknown {
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((node, name) => Object.entries(node ?? {}).find(([key]) => key === name)?.[1], whole);
}

describe("the AsyncAPI document", () => {
  test("names the topics that the bus understands, below its root", () => {
    const schema = topicSchema("factory");
    for (const [name, { address }] of Object.entries(document("factory").channels)) {
      const topic = address.replaceAll(/\{\w+\}/g, "x");
      if (name === "errors") expect(topic).toBe("factory/errors");
      else expect(schema.parse(topic)?.entity).toBe("x/x/x/x" as never);
    }
  });

  test("gives each kind of message a channel of its own", () => {
    const schema = topicSchema("te");
    const kinds: string[] = Object.values(document().channels).map(
      ({ address }) => schema.parse(address.replaceAll(/\{\w+\}/g, "x"))?.channel.kind ?? "errors",
    );
    expect(kinds.toSorted()).toEqual(
      [
        "alarm",
        "capability",
        "command",
        "config",
        "errors",
        "event",
        "health-check",
        "measurement",
        "measurement-meta",
        "registration",
        "signal",
        "status",
        "twin",
      ].toSorted(),
    );
  });

  test("explains every parameter of its topics", () => {
    for (const { address, parameters = {} } of Object.values(document().channels)) {
      const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
      expect(Object.keys(parameters)).toEqual(names);
      for (const { description } of Object.values(parameters)) expect(description).toBeString();
    }
  });

  test("refers to nothing that is not there", () => {
    const whole = document();
    const references = [...JSON.stringify(whole).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, reference]) => reference ?? "",
    );
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) expect([reference, resolve(whole, reference)]).not.toContain(undefined);
  });

  test("tells QoS and whether messages are retained", () => {
    const { operations } = document();
    expect(operations.sendTwin?.bindings.mqtt).toEqual({ qos: 1, retain: true, bindingVersion: "0.2.0" });
    expect(operations.receiveMeasurement?.bindings.mqtt).toMatchObject({ qos: 1, retain: false });
    expect(operations.sendMeasurement).toBeUndefined();
    expect(operations.sendError?.bindings.mqtt).toMatchObject({ qos: 1, retain: false });
  });

  test("names the broker as the agent reaches it", () => {
    expect(document().servers.broker).toMatchObject({ host: "127.0.0.1:8883", protocol: "mqtts" });
    expect(document("te", "::1").servers.broker.host).toBe("[::1]:8883");
  });
});
