import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface DemoFolderOptions {
  readonly deviceName: string;
  readonly mapperName: string;
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly cloudPort: number;
}

/** Everything that the demo's gateway reads and writes, in one temporary folder. */
export interface DemoFolder {
  readonly path: string;
  readonly configDirectory: string;
  remove(): Promise<void>;
}

/** Writes the configuration of the demo's gateway, as its owner would: settings, a mapper with bridge rules, a workflow. */
export async function createDemoFolder(options: DemoFolderOptions): Promise<DemoFolder> {
  const path = await mkdtemp(join(tmpdir(), "tebus-demo-"));
  const configDirectory = join(path, "etc");
  const mapper = join(configDirectory, "mappers", options.mapperName);
  const files: Readonly<Record<string, string>> = {
    [join(configDirectory, "tedge.toml")]: settings(path, options),
    [join(configDirectory, "system.toml")]: 'user = ""\ngroup = ""\n',
    [join(mapper, "mapper.toml")]: connection(options),
    [join(mapper, "credentials.toml")]: '[credentials]\nusername = "demo"\npassword = "demo"\n',
    [join(mapper, "bridge", "rules.toml")]: RULES,
    [join(configDirectory, "operations", "self_check.toml")]: WORKFLOW,
  };
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, content);
    }
    for (const directory of ["agent", "data", "log", "tmp"]) await mkdir(join(path, directory));
    return { path, configDirectory, remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

function settings(path: string, options: DemoFolderOptions): string {
  return `[mqtt]
bind.port = ${options.brokerPort}
client.port = ${options.brokerPort}

[http]
bind.port = ${options.httpPort}
client.port = ${options.httpPort}

[agent]
state.path = "${path}/agent"

[data]
path = "${path}/data"

[logs]
path = "${path}/log"

[tmp]
path = "${path}/tmp"

[run]
path = "${path}"
lock_files = false

[sudo]
enable = false
`;
}

function connection(options: DemoFolderOptions): string {
  return `url = "127.0.0.1:${options.cloudPort}"
auth_method = "password"
credentials_path = "credentials.toml"

[device]
id = "${options.deviceName}"

[bridge.tls]
enable = "false"
`;
}

const RULES = `# What the cloud sees of this gateway, and what it may ask of it.
local_prefix = "te/"
remote_prefix = "gateways/\${mapper.device.id}/te/"

[[rule]]
topic = "+/+/+/+"
direction = "outbound"

[[rule]]
topic = "+/+/+/+/m/+"
direction = "outbound"

[[rule]]
topic = "+/+/+/+/e/+"
direction = "outbound"

[[rule]]
topic = "+/+/+/+/a/+"
direction = "outbound"

[[rule]]
topic = "+/+/+/+/cmd/+/+"
direction = "bidirectional"
`;

const WORKFLOW = `operation = "self_check"

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "uname -a"
on_success = "successful"
on_error = { status = "failed", reason = "uname is not there" }

[successful]
action = "cleanup"

[failed]
action = "cleanup"
`;
