import { type Device, makeDevice } from "./world/device.ts";
import { type Mosquitto, type MosquittoOptions, startMosquitto } from "./world/mosquitto.ts";
import type { BrokerAccess } from "./world/mosquitto-clients.ts";
import { type RunningTebus, startTebus } from "./world/run-tebus.ts";

/** A device with tebus whole: its own broker, a broker far away, and the mapper `far` that bridges the two. */
export interface Gateway extends AsyncDisposable {
  readonly local: Mosquitto;
  readonly far: Mosquitto;
  readonly device: Device;
  /** How somebody on the far side reaches the far broker. */
  readonly operator: BrokerAccess;
  /** The tebus that was started last. */
  tebus(): RunningTebus;
  /** Starts tebus as `tedge run all`, again after its end; resolves once both units are up. */
  start(): Promise<void>;
}

/** `test-device` is the device id, and the client id of the bridge at the far broker. */
export const DEVICE_ID = "test-device";
/** The client id of the bridge at the local broker. */
export const BRIDGE = "tedge-mapper-bridge-far";
/** Where `te/` of the device is at the far broker. */
export const FAR_ROOT = `gateways/${DEVICE_ID}/te`;
export const BRIDGE_HEALTH = `te/device/main/service/${BRIDGE}/status/health`;

export interface GatewayOptions {
  /** For both brokers. */
  readonly brokers?: Pick<MosquittoOptions, "persistence" | "config">;
  /** More files of the configuration directory. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Everything is laid out and the brokers run; tebus does not yet. */
export async function makeGateway(options: GatewayOptions = {}): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const local = stack.use(await startMosquitto(options.brokers));
  const operator = { username: "operator", password: "of the far side" };
  const users = { [DEVICE_ID]: "of the device", [operator.username]: operator.password };
  const far = stack.use(await startMosquitto({ ...options.brokers, users }));
  const device = stack.use(
    await makeDevice({
      mqttPort: local.port,
      config: ['mqtt.bridge.reconnect_policy = { initial_interval = "200ms", maximum_interval = "1s" }'],
      files: {
        "mappers/far/mapper.toml": mapperFile(far.port),
        "mappers/far/credentials.toml": `[credentials]\nusername = "${DEVICE_ID}"\npassword = "${users[DEVICE_ID]}"\n`,
        "mappers/far/bridge/rules.toml": RULES,
        ...options.files,
      },
    }),
  );
  const lives: RunningTebus[] = [];
  const kept = stack.move();
  const dispose = () => kept.disposeAsync();
  return {
    local,
    far,
    device,
    operator: { port: far.port, ...operator },
    tebus() {
      const tebus = lives.at(-1);
      if (tebus === undefined) throw new Error("tebus was not started yet");
      return tebus;
    },
    async start() {
      const tebus = kept.use(await startTebus(["run", "all"], device));
      lives.push(tebus);
      await tebus.waitForLog("Ready as device/main//");
      await tebus.waitForLog("Ready as tedge-mapper-far");
    },
    [Symbol.asyncDispose]: dispose,
  };
}

function mapperFile(farPort: number): string {
  return `url = "127.0.0.1:${farPort}"
auth_method = "password"
credentials_path = "credentials.toml"

[bridge.tls]
enable = "off"
`;
}

const OUTBOUND = [
  "+/+/+/+",
  "+/+/+/+/twin/+",
  "+/+/+/+/m/+",
  "+/+/+/+/e/+",
  "+/+/+/+/a/+",
  "+/+/+/+/cmd/+",
  "+/+/+/+/status/health",
];

const RULES = `local_prefix = "te/"
remote_prefix = "gateways/\${mapper.device.id}/te/"

${OUTBOUND.map((topic) => `[[rule]]\ntopic = "${topic}"\ndirection = "outbound"\n`).join("\n")}
[[rule]]
topic = "+/+/+/+/cmd/+/+"
direction = "bidirectional"

[[rule]]
local_prefix = "orders/"
remote_prefix = "gateways/\${mapper.device.id}/orders/"
topic = "#"
direction = "inbound"
`;
