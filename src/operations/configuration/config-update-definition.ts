import type { DefaultDefinition } from "../workflow/default-definitions.ts";

/**
 * Download the configuration, hand it to its plugin, check, and go back if that fails (spec/operations §7.7). Every step may be done again after a
 * loss of power: the plugin keeps what it needs to go back from `prepare` on, and `set` puts the same file there once more.
 */
export const CONFIG_UPDATE_DEFINITION: DefaultDefinition = {
  operation: "config_update",
  text: `# How a configuration is replaced, checked, and put back when that fails.
# This file follows the defaults of each version until it is changed; to do without it, put config_update.toml.disabled beside it.
operation = "config_update"
on_error = "failed"

[init]
action = "proceed"
on_success = "executing"

[executing]
action = "proceed"
on_success = "download"

# From tedgeUrl, else from remoteUrl.
[download]
action = "download"
on_success = "prepare"
on_error = "failed"

[prepare]
action = "builtin:config_update:prepare"
input.setFrom = "\${.payload.downloadedPath}"
on_success = "set"
on_error = "failed"

[set]
action = "builtin:config_update:set"
on_success = "evaluate-agent-restart"
on_error = "rollback"

# Whoever asked, or the plugin, may want the agent to start anew with the new configuration.
[evaluate-agent-restart]
script = "test \${.payload.restartAgent} = true"
on_exit.0 = "restart-agent"
on_exit.1 = "verify"
on_error = "rollback"
on_kill = "evaluate-agent-restart"

[restart-agent]
action = "restart-agent"
on_exec = "await-agent-restart"

[await-agent-restart]
action = "await-agent-restart"
timeout_second = 90
on_timeout = { status = "rollback", reason = "The agent did not restart in time" }
on_success = "verify"

[verify]
action = "builtin:config_update:verify"
on_success = "successful"
on_error = "rollback"

# The reason of the step that failed stays.
[rollback]
action = "builtin:config_update:rollback"
on_success = "failed"
on_error = "failed"

[successful]
action = "cleanup"

[failed]
action = "cleanup"
`,
};
