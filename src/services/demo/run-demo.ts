import { type Clock, sleep } from "../../base/clock.ts";
import { describeFault, type Fault, FaultError, toFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { Unit } from "../../base/unit.ts";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../bus/embedded-broker.ts";
import { topicSchema } from "../../bus/topic.ts";
import { agentService } from "../agent.ts";
import { customMapperService } from "../mapper.ts";
import type { Service, ServiceHost } from "../service.ts";
import { CHECKS, type Check, createChecklist } from "./checklist.ts";
import { createCloudOperator } from "./cloud-operator.ts";
import { createDemoFolder, type DemoFolder } from "./demo-folder.ts";
import { freePort } from "./free-port.ts";
import { createGatewayObserver } from "./gateway-observer.ts";
import { createSimulatedChild } from "./simulated-child.ts";

export interface DemoOptions {
  /** Milliseconds after which it ends by itself; without it, when the signal is aborted. */
  readonly duration?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: (target: string) => Log;
  /** Writes a line for the person who watches. */
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

const HOST = "127.0.0.1";
const GATEWAY = "demo";
const CHILD = "cabinet";
const MAPPER = "cloud";
const START_TIMEOUT = 15_000;
const POLL = 200;

/**
 * Shows a whole gateway at work in this process, all under a temporary folder: broker, agent, bridge to a second broker that plays the
 * cloud, a child device. Gives what it did not get to see; an empty list means that everything worked.
 */
export async function runDemo(options: DemoOptions): Promise<readonly string[]> {
  const started = options.clock.monotonic();
  const checklist = createChecklist();
  const narrate = (actor: string) => (text: string) => {
    const seconds = ((options.clock.monotonic() - started) / 1_000).toFixed(1).padStart(5);
    options.print(`${seconds} s  ${actor.padEnd(8)} ${text}`);
  };
  const observe = (check: Check) => {
    if (checklist.observe(check)) narrate("✓")(CHECKS[check]);
  };
  await using running = new AsyncDisposableStack();
  try {
    const stage = await setTheStage(options, { narrate, observe, running });
    for (const unit of stage.units) {
      running.defer(() => unit.stop());
      await startUnit(unit, options.signal);
    }
    introduce(options, stage);
    await watch(options, started, () => checklist.missing.length === 0);
  } catch (thrown) {
    narrate("demo")(describeFault(toFault(thrown)));
  }
  return checklist.missing.map((check) => CHECKS[check]);
}

interface Direction {
  readonly narrate: (actor: string) => (text: string) => void;
  readonly observe: (check: Check) => void;
  /** What has to be ended and removed, however far the stage is set. */
  readonly running: AsyncDisposableStack;
}

interface Stage {
  readonly folder: DemoFolder;
  /** In the order in which they start. */
  readonly units: readonly Unit[];
  readonly brokerPort: number;
  readonly cloudPort: number;
  readonly httpPort: number;
}

async function setTheStage(options: DemoOptions, { narrate, observe, running }: Direction): Promise<Stage> {
  const broker = async (starting: Promise<EmbeddedBroker>) =>
    running.adopt(await starting, async (started) => await started.stop());
  const bus = await broker(startBroker(1883));
  const cloud = await broker(startEmbeddedBroker({ host: HOST, port: 0 }));
  // Whoever has 1883 may try 8000; several demos that start together do not run for it then.
  const httpPort = await freePort(HOST, bus.port === 1883 ? 8000 : 0);
  const ports = { brokerPort: bus.port, cloudPort: cloud.port, httpPort };
  if (bus.port !== 1883)
    narrate("demo")(`port 1883 is taken on this machine, the bus is on ${bus.port}, HTTP on ${httpPort}`);
  else if (httpPort !== 8000) narrate("demo")(`port 8000 is taken on this machine, HTTP is on ${httpPort}`);
  const folder = running.adopt(
    await createDemoFolder({ ...ports, deviceName: GATEWAY, mapperName: MAPPER }),
    async (made) => await made.remove(),
  );
  const world = { clock: options.clock, random: options.random };
  const gateway = `http://${HOST}:${httpPort}`;
  const schema = topicSchema("te");
  const agent = await build(agentService({}), folder, options, narrate);
  const mapper = await build(customMapperService(MAPPER), folder, options, narrate);
  const operator = createCloudOperator({
    ...world,
    endpoint: { host: HOST, port: cloud.port },
    root: `gateways/${GATEWAY}/te`,
    childName: CHILD,
    gateway,
    log: options.log("demo"),
    tell: narrate("cloud"),
    observe,
  });
  const observer = createGatewayObserver({
    ...world,
    endpoint: { host: HOST, port: bus.port },
    schema,
    childName: CHILD,
    bridgeService: `tedge-mapper-bridge-${MAPPER}`,
    gateway,
    log: options.log("demo"),
    observe,
  });
  const child = createSimulatedChild({
    ...world,
    deviceName: CHILD,
    endpoint: { host: HOST, port: bus.port },
    schema,
    log: options.log("demo"),
    tell: narrate("child"),
  });
  return { folder, units: [operator, observer, agent, mapper, child], ...ports };
}

/** On `preferred` if it can be had, else on any free port. */
async function startBroker(preferred: number): Promise<EmbeddedBroker> {
  try {
    return await startEmbeddedBroker({ host: HOST, port: preferred });
  } catch {
    return await startEmbeddedBroker({ host: HOST, port: 0 });
  }
}

async function build(
  service: Service,
  folder: DemoFolder,
  options: DemoOptions,
  narrate: (actor: string) => (text: string) => void,
): Promise<Unit> {
  const host: ServiceHost = {
    configDirectory: folder.configDirectory,
    environment: withoutSettings(options.environment),
    clock: options.clock,
    random: options.random,
    log: options.log,
    crashed: (fault: Fault) => narrate(service.name)(`stopped: ${describeFault(fault)}`),
    requestProcessRestart: (reason) => narrate(service.name)(`would restart now: ${reason}`),
  };
  const built = await service.build(host);
  if (!built.ok) throw new FaultError(built.fault);
  return built.value;
}

/** The demo shows its own configuration, not that of whoever runs it. */
function withoutSettings(environment: DemoOptions["environment"]): DemoOptions["environment"] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TEDGE_")));
}

async function startUnit(unit: Unit, signal: AbortSignal): Promise<void> {
  await unit.start(AbortSignal.any([signal, AbortSignal.timeout(START_TIMEOUT)]));
}

function introduce(options: DemoOptions, stage: Stage): void {
  const { print } = options;
  print("");
  print(`  MQTT bus       mqtt://${HOST}:${stage.brokerPort}`);
  print(`  HTTP           http://${HOST}:${stage.httpPort}`);
  print(`  "cloud" broker mqtt://${HOST}:${stage.cloudPort}`);
  print(`  files          ${stage.folder.path}   (removed at the end)`);
  print("");
  print("  Try in another terminal:");
  print(`    curl -s http://${HOST}:${stage.httpPort}/te/v1/entities`);
  print(`    mosquitto_sub -p ${stage.brokerPort} -v -t 'te/#'`);
  print(`    mosquitto_pub -p ${stage.brokerPort} -q 1 -t te/device/pump///m/ -m '{"flow": 2.5}'`);
  print("");
  print(
    options.duration === undefined ? "  Ctrl-C ends it." : `  It ends by itself after ${options.duration / 1_000} s.`,
  );
  print("");
}

async function watch(options: DemoOptions, started: number, complete: () => boolean): Promise<void> {
  let told = false;
  const over = () =>
    options.signal.aborted ||
    (options.duration !== undefined && options.clock.monotonic() - started >= options.duration);
  while (!over()) {
    await sleep(options.clock, POLL, options.signal);
    if (told || !complete()) continue;
    told = true;
    options.print("");
    options.print("  All of it was seen to work. It goes on measuring.");
    options.print("");
  }
}
