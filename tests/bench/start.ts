import { connectProbe, type SeenMessage } from "../system/world/bus-probe.ts";
import { executable } from "../system/world/executable.ts";
import { startMosquitto } from "../system/world/mosquitto.ts";
import { startTebus } from "../system/world/run-tebus.ts";
import { deviceWithFarMapper } from "./far-mapper.ts";
import { type Figure, sample } from "./statistics.ts";

const SERVICES = ["tedge-agent", "tedge-mapper-far", "tedge-mapper-bridge-far"];

/** Time of `tebus --version`, and from starting `tedge run all` with one mapper until the health of all its services is `up`. */
export async function benchStart(runs: number): Promise<Figure[]> {
  const path = await executable();
  return [
    { name: "tebus --version", unit: "ms", samples: await sample(3 * runs, () => timeVersion(path)) },
    { name: "start of `run all` with one mapper to health up", unit: "ms", samples: await sample(runs, timeToHealth) },
  ];
}

async function timeVersion(path: string): Promise<number> {
  const begin = performance.now();
  const child = Bun.spawn([path, "--version"], { stdout: "ignore", stderr: "ignore" });
  await child.exited;
  return performance.now() - begin;
}

async function timeToHealth(): Promise<number> {
  await using local = await startMosquitto();
  await using far = await startMosquitto();
  await using device = await deviceWithFarMapper(local.port, far.port);
  await using probe = await connectProbe(local.port, ["te/+/+/+/+/status/health"]);
  const begin = performance.now();
  await using tebus = await startTebus(["run", "all"], { configDir: device.configDir });
  const ups = SERVICES.map((service) =>
    probe.waitFor(`${service} is up`, (message) => isUp(message, service)).then(() => performance.now()),
  );
  const last = Math.max(...(await Promise.all(ups)));
  await tebus.stop();
  return last - begin;
}

function isUp({ topic, payload }: SeenMessage, service: string): boolean {
  return topic === `te/device/main/service/${service}/status/health` && payload.includes('"status":"up"');
}
