import { join } from "node:path";
import type { FileFaultCode, ReplaceOptions } from "../../base/atomic-file.ts";
import type { Fault } from "../../base/fault.ts";
import type { Result } from "../../base/result.ts";
import { installPluginSettings } from "../plugins/install-plugin-settings.ts";
import { logPluginToml } from "./log-filters.ts";

export interface LogSettingsOptions {
  readonly configDirectory: string;
  /** `logs.path` */
  readonly logs: string;
  readonly owner?: ReplaceOptions["owner"];
}

/** Makes `tedge-log-plugin.toml` if there is none: the logs of software operations can be uploaded at once (spec/operations §7.9). */
export function installLogSettings(options: LogSettingsOptions): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const { configDirectory, logs, owner } = options;
  return installPluginSettings({
    path: logPluginToml(configDirectory),
    text: defaultLogSettings(logs),
    legacy: join(configDirectory, "c8y/c8y-log-plugin.toml"),
    ...(owner === undefined ? {} : { owner }),
  });
}

function defaultLogSettings(logs: string): string {
  return `# Log files that can be uploaded, by type. A path may have * ? [abc] and **; several entries may have the same type.
files = [
    { type = "software-management", path = ${JSON.stringify(join(logs, "agent/workflow-software_*"))} },
]

# Which types of a log plugin are offered, for instance:
# [[plugins.journald.filters]]
# include = "tedge-.*"
`;
}
