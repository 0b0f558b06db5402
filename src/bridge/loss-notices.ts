import type { Clock } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Loss } from "./relay.machine.ts";

/** How many notices may go out at once, and how many more in each second. */
const BURST = 20;
const PER_SECOND = 1;

/** What a person reads about a message that the bridge dropped (spec/bridges-and-mappers §1.4, §1.6). */
export function describeLoss(loss: Loss): string {
  switch (loss.kind) {
    case "no-route":
      return `Failed to convert "${loss.topic}"`;
    case "oversized": {
      const bound = loss.to === "remote" ? "cloud-bound" : "local";
      return `Dropping ${bound} message on topic ${loss.topic}: packet size ${loss.size} B exceeds the configured limit of ${loss.limit} B`;
    }
    case "no-room":
      return `Dropping message on topic ${loss.topic}: too many messages wait for the ${loss.to} broker`;
    default:
      return exhaustive(loss);
  }
}

/** Keeps a flood of dropped messages from becoming a flood of notices. `undefined`: this one is only counted, and told with the next. */
export function lossNotices(clock: Clock): (loss: Loss) => string | undefined {
  let credit = BURST;
  let filledAt = clock.monotonic();
  let untold = 0;
  return (loss) => {
    const now = clock.monotonic();
    credit = Math.min(BURST, credit + ((now - filledAt) / 1_000) * PER_SECOND);
    filledAt = now;
    if (credit < 1) {
      untold += 1;
      return undefined;
    }
    credit -= 1;
    const more = untold === 0 ? "" : ` (and ${untold} more messages were dropped)`;
    untold = 0;
    return `${describeLoss(loss)}${more}`;
  };
}
