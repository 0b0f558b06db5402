import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../../src/base/clock.ts";
import { describeFault } from "../../../../src/base/fault.ts";
import { startEmbeddedBroker } from "../../../../src/bus/embedded-broker.ts";
import { deviceId, type EntityId, MAIN_DEVICE } from "../../../../src/bus/entity-id.ts";
import type { Message } from "../../../../src/bus/message.ts";
import type { BrokerEndpoint } from "../../../../src/bus/session.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { customMapper } from "../../../../src/mappers/custom/custom-mapper.ts";
import type { MapperParts } from "../../../../src/mappers/mapper.ts";
import { connectProbe } from "../../../system/world/bus-probe.ts";
import { ConfigDirectory, removeConfigDirectories, versionTwo } from "../../config/config-directory.ts";

removeConfigDirectories();

const HEALTH = "te/device/main/service/tedge-mapper-bridge-x/status/health";

async function build(
  files: Readonly<Record<string, string>>,
  {
    device = MAIN_DEVICE,
    endpoint = { host: "127.0.0.1", port: 1 },
  }: { device?: EntityId; endpoint?: BrokerEndpoint } = {},
) {
  const directory = await ConfigDirectory.make({ "tedge.toml": versionTwo('device.id = "gw7"\n'), ...files });
  const logged: string[] = [];
  const note = (text: string) => {
    logged.push(text);
  };
  const parts = await customMapper("x").build({
    config: await directory.config(),
    schema: topicSchema("te"),
    device,
    endpoint,
    clock: systemClock,
    random: Math.random,
    log: () => ({ error: note, warn: note, info: note, debug: note, trace: note }),
  });
  return { parts, logged, directory };
}

function built(parts: Awaited<ReturnType<typeof build>>["parts"]): MapperParts {
  if (!parts.ok) throw new Error(describeFault(parts.fault));
  return parts.value;
}

describe("a user-defined mapper", () => {
  test("goes by its name everywhere", async () => {
    const mapper = customMapper("x");
    expect([mapper.name, mapper.lockName]).toEqual(["tedge-mapper-x", "tedge-mapper-x"]);
    const { parts } = await build({ "mappers/x/flows/.keep": "" });
    expect(built(parts)).toMatchObject({ serviceName: "tedge-mapper-x", clientId: "tedge-mapper-x", exposed: {} });
  });

  test("of another device than main has that device in its client id", async () => {
    const { parts } = await build({}, { device: deviceId("child") });
    expect(built(parts).clientId).toBe("tedge-mapper-x#device/child//");
  });

  test("without rules has no bridge, even with a url, and clears the health that one may have left", async () => {
    const { parts } = await build({ "mappers/x/mapper.toml": 'url = "h"\n' });
    expect(built(parts).units).toEqual([]);
    const published: Message[] = [];
    const participants = built(parts).participants(async (message) => {
      published.push(message);
      return "delivered";
    });
    for (const participant of participants) {
      await participant.connected?.({ first: true, sessionPresent: true });
      await participant.connected?.({ first: false, sessionPresent: true });
    }
    expect(published).toEqual([{ topic: HEALTH, payload: new Uint8Array(0), qos: 1, retain: true }]);
  });

  test("needs a mapper.toml for its rules, and one that can be read anyway", async () => {
    const { parts, directory } = await build({ "mappers/x/bridge/a.toml": "" });
    expect(parts.ok ? "" : parts.fault.message).toStartWith(
      `Mapper directory '${directory.file("mappers/x")}' contains a 'bridge/' subdirectory but no 'mapper.toml' connection config. `,
    );
    expect((await build({ "mappers/x/mapper.toml": "url = 1" })).parts.ok).toBe(false);
  });

  test("is not built from rules that are wrong, and shows where", async () => {
    const { parts, logged } = await build({
      "mappers/x/mapper.toml": 'url = "h:1883"\ncredentials_path = "c"\n',
      "mappers/x/c": '[credentials]\nusername = "u"\npassword = "p"\n',
      "mappers/x/bridge/a.toml": 'local_prefix = "$' + '{mapper.nope}"\n',
    });
    expect(parts.ok ? "" : parts.fault.message).toBe("Invalid bridge config template");
    expect(logged.join("\n")).toContain("a.toml:1:17");
  });

  test("bridges the local broker with the remote one, its rules filled in", async () => {
    const log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
    const local = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log });
    const remote = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, log });
    const here = await connectProbe(local.port);
    const there = await connectProbe(remote.port);
    const { parts } = await build(
      {
        "mappers/x/mapper.toml": `url = "127.0.0.1:${remote.port}"\nauth_method = "password"\ncredentials_path = "c"\nsite = "s1"\non = true\nbridge.tls.enable = "off"\n`,
        "mappers/x/c": '[credentials]\nusername = "u"\npassword = "p"\n',
        "mappers/x/bridge/a.toml": [
          'local_prefix = "plant/"',
          `remote_prefix = "\${mapper.site}/\${mapper.device.id}/\${tedge.device.id}/"`,
          'if = "$' + '{mapper.on}"',
          "[[rule]]",
          'topic = "#"',
          'direction = "outbound"',
          `if = "\${connection.auth_method} == 'password'"`,
        ].join("\n"),
      },
      { endpoint: { host: "127.0.0.1", port: local.port } },
    );
    const [bridge] = built(parts).units;
    expect(bridge?.name).toBe("tedge-mapper-bridge-x");
    await bridge?.start(AbortSignal.timeout(5_000));
    await here.waitFor("the bridge is up", ({ topic, payload }) => topic === HEALTH && payload === '{"status":"up"}');
    await here.publish("plant/press", "works");
    await there.waitFor("the message", ({ topic, payload }) => topic === "s1/gw7/gw7/press" && payload === "works");
    await bridge?.stop();
    await Promise.all([here.close(), there.close()]);
    await Promise.all([local.stop(), remote.stop()]);
  });
});
