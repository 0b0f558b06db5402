import { readFile } from "node:fs/promises";
import { connectAsync, type MqttClient } from "mqtt";
import { freePort } from "../system/world/free-port.ts";
import { startMosquitto } from "../system/world/mosquitto.ts";
import { startTebus } from "../system/world/run-tebus.ts";
import { waitUntil } from "../system/world/wait-until.ts";
import { deviceWithFarMapper } from "./far-mapper.ts";
import type { Figure } from "./statistics.ts";

const BROKER = ["max_queued_messages 0", "max_inflight_messages 500", "log_type none", "set_tcp_nodelay true"];
const PAYLOAD = Buffer.alloc(100, "x");
const MESSAGES = 50_000;
const WARM_UP = 5_000;
/** Publications of the load generator that are not acknowledged yet. */
const WINDOW = 400;

interface Throughput {
  /** Messages per second from publisher to subscriber. */
  readonly rate: number;
  /** Microseconds of processor time per message of the program in between. */
  readonly cpu: number;
}

/**
 * QoS 1 messages of 100 bytes from one mosquitto to another: carried by tebus, and by mosquitto's own bridge. The same load generator
 * for both, taking turns. The processor time of mosquitto's bridge is that of a third mosquitto that does nothing else.
 */
export async function benchBridge(runs: number): Promise<Figure[]> {
  const tebus: Throughput[] = [];
  const inBroker: Throughput[] = [];
  const between: Throughput[] = [];
  for (let run = 0; run < runs; run += 1) {
    tebus.push(await throughTebus());
    inBroker.push(await throughBrokersOwnBridge());
    between.push(await throughThirdMosquitto());
  }
  const rate = (name: string, all: readonly Throughput[]): Figure => {
    return { name: `bridge: ${name}`, unit: "msg/s", samples: all.map((one) => one.rate) };
  };
  const cpu = (name: string, all: readonly Throughput[]): Figure => {
    return { name: `bridge: ${name}, processor time`, unit: "µs/msg", samples: all.map((one) => one.cpu) };
  };
  return [
    rate("tebus", tebus),
    rate("mosquitto's own, inside the local broker", inBroker),
    rate("mosquitto's own, a third mosquitto between the two", between),
    cpu("tebus", tebus),
    cpu("mosquitto's own, a third mosquitto", between),
  ];
}

async function throughTebus(): Promise<Throughput> {
  await using local = await startMosquitto({ config: BROKER });
  await using far = await startMosquitto({ config: BROKER });
  await using device = await deviceWithFarMapper(local.port, far.port);
  await using tebus = await startTebus(["run", "tedge-mapper", "far"], { configDir: device.configDir });
  return await measure(local.port, far.port, tebus.pid);
}

async function throughBrokersOwnBridge(): Promise<Throughput> {
  await using far = await startMosquitto({ config: BROKER });
  const port = await freePort();
  await using local = await startMosquitto({ port, config: [...BROKER, ...connection("out", far.port, "out")] });
  return await measure(port, far.port, await pidOf(local.directory));
}

async function throughThirdMosquitto(): Promise<Throughput> {
  await using local = await startMosquitto({ config: BROKER });
  await using far = await startMosquitto({ config: BROKER });
  const config = [...BROKER, ...connection("from", local.port, "in"), ...connection("to", far.port, "through")];
  await using third = await startMosquitto({ config });
  return await measure(local.port, far.port, await pidOf(third.directory));
}

function connection(name: string, port: number, direction: "in" | "out" | "through"): string[] {
  const topic = { in: "topic # in 1 m/ l/", out: "topic # out 1 l/ r/", through: "topic # out 1 m/ r/" }[direction];
  return [
    `connection ${name}`,
    `address 127.0.0.1:${port}`,
    topic,
    "cleansession false",
    "try_private false",
    "notifications false",
  ];
}

async function measure(localPort: number, farPort: number, pid: number): Promise<Throughput> {
  const receiver = await connectAsync({ host: "127.0.0.1", port: farPort, protocol: "mqtt" });
  const sender = await connectAsync({ host: "127.0.0.1", port: localPort, protocol: "mqtt" });
  let received = 0;
  receiver.on("message", () => {
    received += 1;
  });
  await receiver.subscribeAsync("r/#", { qos: 0 });
  await waitUntil("the bridge carries messages", async () => {
    await sender.publishAsync("l/warm", "x", { qos: 1 });
    return received > 0;
  });
  await send(sender, WARM_UP);
  await waitUntil("all is calm", async () => {
    const before = received;
    await Bun.sleep(200);
    return received === before;
  });
  received = 0;
  const cpuBefore = await processorTime(pid);
  const begin = performance.now();
  await send(sender, MESSAGES);
  await waitUntil("all arrived", () => received >= MESSAGES, { timeout: 120_000, interval: 1 });
  const seconds = (performance.now() - begin) / 1_000;
  const cpu = (await processorTime(pid)) - cpuBefore;
  await Promise.all([receiver.endAsync(true), sender.endAsync(true)]);
  return { rate: MESSAGES / seconds, cpu: (cpu * 1e6) / MESSAGES };
}

function send(client: MqttClient, messages: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let acknowledged = 0;
    const next = () => {
      sent += 1;
      client.publish("l/x", PAYLOAD, { qos: 1 }, (thrown) => {
        if (thrown !== undefined && thrown !== null) return reject(thrown);
        acknowledged += 1;
        if (acknowledged === messages) resolve();
        else if (sent < messages) next();
      });
    };
    while (sent < Math.min(WINDOW, messages)) next();
  });
}

/** Seconds of user and system time that a process has used; the kernel counts hundredths. */
async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The mosquitto whose configuration is in this directory. */
async function pidOf(directory: string): Promise<number> {
  const found = await Bun.$`pgrep -f ${`mosquitto -c ${directory}/`}`.text();
  return Number(found.trim().split("\n")[0]);
}
