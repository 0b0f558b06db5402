import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Device, type DeviceOptions, makeDevice } from "./device.ts";
import { type Mosquitto, startMosquitto } from "./mosquitto.ts";
import { type RunningTebus, startTebus } from "./run-tebus.ts";

/** An agent on a machine that boots when it is told to: its temporary file is lost, and the agent is started again. */
export interface RebootingAgent extends AsyncDisposable {
  readonly broker: Mosquitto;
  readonly device: Device;
  readonly url: string;
  /** How often the agent was started. */
  starts(): number;
}

export interface RebootingAgentOptions extends Omit<DeviceOptions, "mqttPort"> {
  readonly env?: Readonly<Record<string, string>>;
  /** Shell commands that are run at each boot. */
  readonly atBoot?: string;
  /** Called before the first start. */
  readonly prepare?: (device: Device) => Promise<void>;
}

/** Whatever its agent is ended by, as a service manager would it is started again, until this is disposed of. */
export async function startRebootingAgent(options: RebootingAgentOptions = {}): Promise<RebootingAgent> {
  const { env = {}, atBoot = "true", prepare, files, ...rest } = options;
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startMosquitto());
  const device = stack.use(await makeDevice({ ...rest, files: files ?? {}, mqttPort: broker.port }));
  const reboot = join(device.root, "reboot");
  await writeFile(
    reboot,
    `#!/bin/sh\nset -e\n${atBoot}\nrm -f "${join(device.root, "tmp/tedge_agent_restart")}"\nkill -TERM "$PPID"\n`,
  );
  await chmod(reboot, 0o755);
  const system = `user = ""\ngroup = ""\n[system]\nreboot = ["${reboot}"]\nreboot_timeout_seconds = 20\n`;
  await writeFile(join(device.configDir, "system.toml"), system);
  await prepare?.(device);

  let starts = 0;
  let isOver = false;
  let agent: RunningTebus | undefined;
  const start = async () => {
    starts += 1;
    agent = await startTebus(["run", "tedge-agent"], { configDir: device.configDir, env: { ...env } });
    return agent.exited;
  };
  const keepRunning = async () => {
    while (!isOver) await start();
  };
  const running = keepRunning();
  stack.defer(async () => {
    isOver = true;
    await agent?.kill();
    await running;
  });
  const owned = stack.move();
  return {
    broker,
    device,
    url: `http://127.0.0.1:${device.httpPort}`,
    starts: () => starts,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
