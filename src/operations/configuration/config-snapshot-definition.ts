import type { DefaultDefinition } from "../workflow/default-definitions.ts";

/** Fetch the configuration from its plugin, then send it to whoever asked (spec/operations §7.6). */
export const CONFIG_SNAPSHOT_DEFINITION: DefaultDefinition = {
  operation: "config_snapshot",
  text: `# How a configuration is fetched and sent to whoever asked for it.
# This file follows the defaults of each version until it is changed; to do without it, put config_snapshot.toml.disabled beside it.
operation = "config_snapshot"
on_error = "failed"

[init]
action = "proceed"
on_success = "executing"

[executing]
action = "proceed"
on_success = "get"

# Asks the plugin that manages the type, and keeps what it gives in a temporary file.
[get]
action = "builtin:config_snapshot:get"
on_success = "upload"
on_error = "failed"

[upload]
action = "upload"
input.url = "\${.payload.tedgeUrl}"
on_success = "successful"
on_error = "failed"

[successful]
action = "cleanup"

[failed]
action = "cleanup"
`,
};
