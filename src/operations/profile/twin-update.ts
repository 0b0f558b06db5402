import * as v from "valibot";
import { fault } from "../../base/fault.ts";
import { stringifySorted } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { retained } from "../../bus/message.ts";
import type { Publish, PublishOutcome } from "../../bus/participant.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import type { BuiltinSteps } from "../builtin-operation.ts";
import type { CommandState } from "../command.ts";

const TEXT = v.nullish(v.string("expected a text"), "");
const PROFILE = v.object({ name: TEXT, version: TEXT });

/**
 * Steps of the default workflow of `device_profile`. `twin_update` publishes the twin value `device_profile` of the device, retained, and is
 * done once the broker has it (spec/operations §9).
 */
export function deviceProfileSteps(schema: TopicSchema, publish: Publish): BuiltinSteps {
  return new Map([
    [
      "twin_update",
      async ({ command, signal }) => {
        const profile = profileOf(command);
        if (!profile.ok) return profile;
        const topic = schema.topic(command.address.device, { kind: "twin", key: "device_profile" });
        const outcome = await unlessAborted(publish(retained(topic, profile.value)), signal);
        return outcome === "delivered" ? ok({}) : err(fault("not-published", `The twin value was ${outcome}`));
      },
    ],
  ]);
}

function profileOf({ payload }: CommandState): Result<string> {
  const parsed = v.safeParse(PROFILE, payload);
  if (parsed.success) return ok(stringifySorted({ name: parsed.output.name, version: parsed.output.version }));
  const { message } = parsed.issues[0];
  return err(fault("invalid-request", `Invalid ${v.getDotPath(parsed.issues[0])} of the profile: ${message}`));
}

/** While the broker is away, a publication waits for it; a command that is cleared does not. */
function unlessAborted(published: Promise<PublishOutcome>, signal: AbortSignal): Promise<PublishOutcome> {
  const aborted = new Promise<"closed">((resolve) => {
    if (signal.aborted) resolve("closed");
    signal.addEventListener("abort", () => resolve("closed"), { once: true });
  });
  return Promise.race([published, aborted]);
}
