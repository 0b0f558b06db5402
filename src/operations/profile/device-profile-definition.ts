/**
 * The default workflow of `device_profile`, installed as `operations/device_profile.toml`. States as the peer has them; the twin is told by a
 * built-in step, since a name with quotes cannot be put into JSON by a template (spec/operations §9).
 */
export const DEVICE_PROFILE_DEFINITION = `operation = "device_profile"

[init]
action = "proceed"
on_success = "scheduled"

[scheduled]
action = "proceed"
on_success = "executing"

[executing]
action = "proceed"
on_success = "next_operation"

# One operation after the other. Those with "@skip": true are left out.
[next_operation]
iterate = "\${.payload.operations}"
on_next = "apply_operation"
on_success = "twin_update"
on_error = "rollback"

[apply_operation]
operation = "\${.payload.@next.item.operation}"
input = "\${.payload.@next.item.payload}"
on_exec = "awaiting_operation"

[awaiting_operation]
action = "await-operation-completion"
on_success = "next_operation"
on_error = "rollback"

# Tells the name and the version of the profile as the twin value "device_profile".
[twin_update]
action = "builtin:device_profile:twin_update"
on_success = "successful"
on_error = "failed"

# What was applied before the failing operation stays. Put here what undoes it.
[rollback]
action = "proceed"
on_success = { status = "failed", reason = "Device profile application failed" }

[successful]
action = "cleanup"

[failed]
action = "cleanup"
`;
