import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { freePort } from "./free-port.ts";
import { tempDir } from "./temp-dir.ts";

export interface DeviceOptions {
  /** Port of the local broker on 127.0.0.1. */
  readonly mqttPort: number;
  /** More lines of `tedge.toml`, dotted keys such as `device.type = "test"`. They must not repeat the ones written by `makeDevice`. */
  readonly config?: readonly string[];
  /** More files, as path below the configuration directory and content. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The directories of one device, so that tebus touches nothing outside of a temporary directory. */
export interface Device extends AsyncDisposable {
  /** Everything is below. */
  readonly root: string;
  /** To be given as `--config-dir`. */
  readonly configDir: string;
  /** `data.path`: file-transfer/, cache/ … */
  readonly dataDir: string;
  readonly logsDir: string;
  /** `http.bind.port` and `http.client.port`. */
  readonly httpPort: number;
  /** Text of a file below `root`. */
  read(path: string): Promise<string>;
  dispose(): Promise<void>;
}

/** Lays out a device whose files keep their owner (`system.toml` with user ""), so that it needs neither root nor a user `tedge`. */
export async function makeDevice(options: DeviceOptions): Promise<Device> {
  const directory = await tempDir("device");
  const root = directory.path;
  const configDir = join(root, "etc");
  const httpPort = await freePort();
  const paths = {
    "data.path": "data",
    "logs.path": "log",
    "run.path": "run",
    "tmp.path": "tmp",
    "agent.state.path": "state",
  };
  for (const path of [...Object.values(paths), "run/lock"]) await mkdir(join(root, path), { recursive: true });
  const files = {
    "system.toml": 'user = ""\ngroup = ""\n',
    "tedge.toml": toToml([
      ...Object.entries(paths).map(([key, path]) => `${key} = ${JSON.stringify(join(root, path))}`),
      'device.id = "test-device"',
      `mqtt.bind.port = ${options.mqttPort}`,
      `mqtt.client.port = ${options.mqttPort}`,
      `http.bind.port = ${httpPort}`,
      `http.client.port = ${httpPort}`,
      "sudo.enable = false",
      ...(options.config ?? []),
    ]),
    ...options.files,
  };
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(configDir, path)), { recursive: true });
    await writeFile(join(configDir, path), content);
  }
  return {
    root,
    configDir,
    dataDir: join(root, "data"),
    logsDir: join(root, "log"),
    httpPort,
    read: (path) => readFile(join(root, path), "utf8"),
    dispose: directory.remove,
    [Symbol.asyncDispose]: directory.remove,
  };
}

function toToml(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
