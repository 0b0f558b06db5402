import { join } from "node:path";
import { findGroup, findUser } from "../base/account.ts";
import type { Clock } from "../base/clock.ts";
import { ok, type Result } from "../base/result.ts";
import { CONFIG_SNAPSHOT_DEFINITION } from "../operations/configuration/config-snapshot-definition.ts";
import { CONFIG_UPDATE_DEFINITION } from "../operations/configuration/config-update-definition.ts";
import { installPluginFile } from "../operations/configuration/install-plugin-file.ts";
import { installLogSettings } from "../operations/logs/install-log-settings.ts";
import { DEVICE_PROFILE_DEFINITION } from "../operations/profile/device-profile-definition.ts";
import { installDefinitions } from "../operations/workflow/default-definitions.ts";

export interface DefaultFilesOptions {
  readonly configDirectory: string;
  /** `agent.enable.config_snapshot` or `agent.enable.config_update` */
  readonly configurations: boolean;
  /** `logs.path`, where logs can be uploaded: `agent.enable.log_upload`. */
  readonly logs?: string;
  /** Names of `system.toml`, empty for nobody in particular; what there is no account for counts as empty. */
  readonly user: string;
  readonly group: string;
  /** Who is to own the files. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly clock: Clock;
}

/** Files that the user finds to begin with: the workflows of operations, which configurations and logs there are (spec/operations §3.1, §7.8, §7.9). */
export async function installDefaults(options: DefaultFilesOptions): Promise<Result<undefined>> {
  const { configDirectory, configurations, logs, clock } = options;
  const owner = options.owner === undefined ? {} : { owner: options.owner };
  const definitions = [
    ...(configurations ? [CONFIG_SNAPSHOT_DEFINITION, CONFIG_UPDATE_DEFINITION] : []),
    { operation: "device_profile", text: DEVICE_PROFILE_DEFINITION },
  ];
  const installed = await installDefinitions(join(configDirectory, "operations"), definitions, options.owner);
  if (!installed.ok) return installed;
  const logged = logs === undefined ? ok() : await installLogSettings({ configDirectory, logs, ...owner });
  if (!logged.ok || !configurations) return logged;
  const [user, group] = [await findUser(options.user, clock), await findGroup(options.group, clock)];
  const made = await installPluginFile({
    configDirectory,
    user: user === undefined ? "" : options.user,
    group: group === undefined ? "" : options.group,
    ...owner,
  });
  return made.ok ? ok() : made;
}
