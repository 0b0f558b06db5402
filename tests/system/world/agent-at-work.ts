import { curl } from "./curl.ts";
import { type Device, type DeviceOptions, makeDevice } from "./device.ts";
import { type Mosquitto, startMosquitto } from "./mosquitto.ts";
import { mosquittoPub, mosquittoSub } from "./mosquitto-clients.ts";
import { type RunningTebus, startTebus } from "./run-tebus.ts";
import { waitUntil } from "./wait-until.ts";

/** A tebus that runs on a device of its own, with a broker of its own. */
export interface AgentAtWork extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly device: Device;
  readonly agent: RunningTebus;
  /** Where its HTTP server is, without a slash at the end. */
  readonly url: string;
}

export interface AgentAtWorkOptions extends Omit<DeviceOptions, "mqttPort"> {
  /** Default: the agent alone. */
  readonly args?: readonly string[];
  /** Words put before the executable. */
  readonly prefix?: (device: Device) => Promise<readonly string[]> | readonly string[];
  /** Called before it starts. */
  readonly prepare?: (device: Device, broker: Mosquitto) => Promise<void>;
}

/** Resolves once it answers over HTTP and is on the bus. */
export async function startAgentAtWork(options: AgentAtWorkOptions = {}): Promise<AgentAtWork> {
  const { args = ["run", "tedge-agent"], prefix, prepare, ...device } = options;
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const made = stack.use(await makeDevice({ ...device, mqttPort: broker.port }));
  await prepare?.(made, broker);
  const words = await prefix?.(made);
  const run = { configDir: made.configDir, ...(words === undefined ? {} : { prefix: words }) };
  const agent = stack.use(await startTebus(args, run));
  const url = `http://127.0.0.1:${made.httpPort}`;
  await waitUntil("the agent is up", () => isUp(agent, url));
  const owned = stack.move();
  return { broker, device: made, agent, url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const AGENT = "te/device/main/service/tedge-agent";

/** It is up once it has registered itself, since that comes last. */
async function isUp(agent: RunningTebus, url: string): Promise<boolean> {
  const ended = await Promise.race([agent.exited, undefined]);
  if (ended !== undefined) throw new Error(`tebus ended with ${ended}: ${agent.stderr()}`);
  return (await curl(`${url}/te/v1/entities`).catch(() => "")).includes("device/main/service/tedge-agent");
}

let works = 0;

/**
 * Throws unless it still does its work for programs that are not ours: it answers a health check, registers a device, takes and gives a
 * file. And what it logged must be lines of its own making: a crash prints others.
 */
export async function expectAtWork({
  broker,
  agent,
  url,
}: Pick<AgentAtWork, "broker" | "agent" | "url">): Promise<void> {
  await answersHealthCheck(broker);
  const name = `works-${works++}`;
  await mosquittoPub(broker, `te/device/${name}//`, '{"@type":"child-device"}', { retain: true });
  await waitUntil(`${name} is registered`, () => curl(`${url}/te/v1/entities/device/${name}//`).catch(() => undefined));
  await curl("--upload-file", import.meta.path, `${url}/te/v1/files/${name}`);
  const back = await curl(`${url}/te/v1/files/${name}`);
  if (back !== (await Bun.file(import.meta.path).text())) throw new Error(`The file came back changed: ${back}`);
  const strange = strangeLines(agent.stderr());
  if (strange.length > 0) throw new Error(`These are no log lines: ${strange.join("\n")}`);
}

async function answersHealthCheck(broker: Mosquitto): Promise<void> {
  await using subscriber = await mosquittoSub(broker, [`${AGENT}/status/health`]);
  // A broker drops what comes while the agent has too much to do.
  await waitUntil(
    "the agent answers the health check",
    async () => {
      await mosquittoPub(broker, `${AGENT}/cmd/health/check`, "{}");
      return subscriber.messages().some(({ payload, retain }) => !retain && payload.includes('"status":"up"'));
    },
    { timeout: 30_000, interval: 100 },
  );
}

/** Lines that neither begin as the log has it nor continue one that does, or that hold control characters. */
export function strangeLines(log: string): readonly string[] {
  return log
    .split("\n")
    .filter((line) => line !== "" && (!/^(?:\d{4}-\S+Z +[A-Z]+ | {2})/.test(line) || /\p{Cc}/u.test(line)));
}

/** The lines of a log that hold `text`. */
export function linesWith(log: string, text: string): readonly string[] {
  return log.split("\n").filter((line) => line.includes(text));
}
