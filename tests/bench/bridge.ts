/**
 * Throughput of QoS 1 through the bridge, beside mosquitto's own bridge: `bun tests/bench/bridge.ts [messages] [runs]`.
 * Two brokers, one program in between, one load generator; prints medians. CPU is that of the program in between.
 */
import { readFile } from "node:fs/promises";
import { connectAsync } from "mqtt";
import { systemClock } from "../../src/base/clock.ts";
import type { Log } from "../../src/base/log.ts";
import { createBridge } from "../../src/bridge/create-bridge.ts";
import { freePort } from "../system/world/free-port.ts";
import { startMosquitto } from "../system/world/mosquitto.ts";
import { endProcess } from "../system/world/process-output.ts";
import { waitUntil } from "../system/world/wait-until.ts";

const BROKER = ["max_queued_messages 0", "max_inflight_messages 500", "log_type none"];
const PAYLOAD = Buffer.alloc(100, "x");
const WINDOW = 400;

interface Measured {
  /** Messages per second. */
  readonly rate: number;
  /** Microseconds of processor time per message. */
  readonly cpu: number;
}

async function measure(local: number, remote: number, pid: number, messages: number): Promise<Measured> {
  const receiver = await connectAsync({ host: "127.0.0.1", port: remote });
  const sender = await connectAsync({ host: "127.0.0.1", port: local });
  let received = 0;
  receiver.on("message", () => {
    received += 1;
  });
  await receiver.subscribeAsync("r/#", { qos: 0 });
  await waitUntil("the bridge works", async () => {
    await sender.publishAsync("l/warm", "x", { qos: 1 });
    return received > 0;
  });
  await send(sender, Math.min(5_000, messages));
  await waitUntil("all is calm", async () => {
    const before = received;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return received === before;
  });
  received = 0;
  const cpu = await processorTime(pid);
  const start = performance.now();
  await send(sender, messages);
  await waitUntil("all arrived", () => received >= messages, { timeout: 120_000, interval: 1 });
  const seconds = (performance.now() - start) / 1_000;
  const spent = (await processorTime(pid)) - cpu;
  await Promise.all([receiver.endAsync(true), sender.endAsync(true)]);
  return { rate: messages / seconds, cpu: (spent * 1e6) / messages };
}

function send(client: Awaited<ReturnType<typeof connectAsync>>, messages: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let acknowledged = 0;
    const next = () => {
      sent += 1;
      client.publish("l/x", PAYLOAD, { qos: 1 }, (thrown) => {
        if (thrown !== undefined && thrown !== null) return reject(thrown);
        acknowledged += 1;
        if (acknowledged === messages) return resolve();
        if (sent < messages) next();
      });
    };
    for (let index = 0; index < Math.min(WINDOW, messages); index += 1) next();
  });
}

/** Seconds of user and system time that a process has used; the kernel counts hundredths. */
async function processorTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function throughTebus(messages: number): Promise<Measured> {
  await using local = await startMosquitto({ config: BROKER });
  await using remote = await startMosquitto({ config: BROKER });
  const child = Bun.spawn([process.execPath, import.meta.path, "bridge", String(local.port), String(remote.port)], {
    stdout: "inherit",
    stderr: "inherit",
  });
  try {
    return await measure(local.port, remote.port, child.pid, messages);
  } finally {
    await endProcess(child, "SIGTERM");
  }
}

/** A third mosquitto between the two brokers, which does what tebus does; so its processor time is that of bridging alone. */
async function throughMosquitto(messages: number): Promise<Measured> {
  await using remote = await startMosquitto({ config: BROKER });
  const port = await freePort();
  await using local = await startMosquitto({
    port,
    config: [
      ...BROKER,
      "connection out",
      `address 127.0.0.1:${remote.port}`,
      "topic # out 1 l/ r/",
      "cleansession false",
      "try_private false",
      "notifications false",
    ],
  });
  const pid = Number((await Bun.$`pgrep -f ${local.directory}`.text()).trim().split("\n")[0]);
  return await measure(local.port, remote.port, pid, messages);
}

async function runBridge(local: number, remote: number): Promise<void> {
  const quiet = () => undefined;
  const log: Log = { error: console.error, warn: quiet, info: quiet, debug: quiet, trace: quiet };
  const identity = { clean: false, keepAlive: 60, connectTimeout: 5_000 };
  const bridge = createBridge(
    {
      name: "bridge",
      local: { ...identity, endpoint: { host: "127.0.0.1", port: local }, clientId: "bridge" },
      remote: { ...identity, endpoint: { host: "127.0.0.1", port: remote }, clientId: "device" },
      rules: [{ localPrefix: "l/", remotePrefix: "r/", topic: "#", direction: "outbound" }],
      healthTopic: "health",
      errorsTopic: "errors",
      maxPacket: 100_000,
      reconnect: { initial: 50, maximum: 200, resetWindow: 1_000 },
    },
    { clock: systemClock, random: Math.random, log },
  );
  await bridge.start(AbortSignal.timeout(10_000));
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const [first, second, third] = process.argv.slice(2);
if (first === "bridge") {
  await runBridge(Number(second), Number(third));
} else {
  const messages = Number(first ?? 50_000);
  const runs = Number(second ?? 5);
  for (const [name, through] of [
    ["tebus", throughTebus],
    ["mosquitto (broker and bridge in one)", throughMosquitto],
  ] as const) {
    const results: Measured[] = [];
    for (let run = 0; run < runs; run += 1) results.push(await through(messages));
    const rate = Math.round(median(results.map((one) => one.rate)));
    const cpu = median(results.map((one) => one.cpu)).toFixed(1);
    console.log(`${name}: ${rate} messages/s, ${cpu} µs of processor time each (median of ${runs} × ${messages})`);
  }
}
