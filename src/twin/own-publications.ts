import type { Clock } from "../base/clock.ts";
import type { Message, ReceivedMessage } from "../bus/message.ts";
import type { PublishOutcome } from "../bus/participant.ts";

/**
 * Tells our own messages, which come back since we subscribe to what we publish, from those of others.
 *
 * As long as one of ours is under way on a topic, whatever else arrives there was published before it: the broker will have ours in the
 * end, and the twin is ahead already. So an echo of an older state never undoes a newer one, and nothing removed comes back by its echo.
 */
export interface OwnPublications {
  /** Call before a message that we subscribe to can be under way; call the result with what became of it. */
  expect(message: Message): (outcome: PublishOutcome) => void;
  /** `echo`: one of ours came back. `overtaken`: older than one of ours that is under way. */
  classify(message: ReceivedMessage): "echo" | "overtaken" | "foreign";
  /** The broker forgot our session: what it had acknowledged will not come back. */
  sessionLost(): void;
}

interface Outstanding {
  readonly payload: Uint8Array;
  /** Monotonic milliseconds at which the broker acknowledged it. */
  deliveredAt?: number;
}

/**
 * An acknowledged message does not come back any more when one did that was acknowledged so many milliseconds later: a broker with a full
 * queue drops some, and order is certain for those of one topic only.
 */
const DISORDER = 5_000;
/** The same after so many milliseconds in any case: we may not be allowed to read its topic. Messages may be under way for long. */
const ECHO_TIMEOUT = 600_000;
const SWEEP_FROM = 1_024;

export function createOwnPublications(clock: Clock): OwnPublications {
  /** Those of one topic in order of publication. */
  const outstanding = new Map<string, Outstanding[]>();
  let sweepAt = SWEEP_FROM;
  /** When the broker acknowledged what came back, at the latest. */
  let returnedUpTo = Number.NEGATIVE_INFINITY;

  const keep = (topic: string, isKept: (one: Outstanding) => boolean) => {
    const left = outstanding.get(topic)?.filter(isKept) ?? [];
    if (left.length === 0) outstanding.delete(topic);
    else outstanding.set(topic, left);
    return left;
  };

  const isFresh = ({ deliveredAt }: Outstanding) =>
    deliveredAt === undefined ||
    (deliveredAt > returnedUpTo - DISORDER && clock.monotonic() - deliveredAt < ECHO_TIMEOUT);

  const sweep = () => {
    for (const topic of [...outstanding.keys()]) keep(topic, isFresh);
    sweepAt = Math.max(SWEEP_FROM, outstanding.size * 2);
  };

  return {
    expect({ topic, payload }) {
      const one: Outstanding = { payload };
      const others = outstanding.get(topic);
      if (others === undefined) outstanding.set(topic, [one]);
      else others.push(one);
      if (outstanding.size >= sweepAt) sweep();
      return (outcome) => {
        if (outcome === "delivered") one.deliveredAt = clock.monotonic();
        else keep(topic, (other) => other !== one);
      };
    },
    classify({ topic, payload, retain }) {
      if (!outstanding.has(topic)) return "foreign";
      const waiting = keep(topic, isFresh);
      if (waiting.length === 0) return "foreign";
      if (retain) return "overtaken";
      const at = waiting.findIndex((one) => isSame(one.payload, payload));
      if (at === -1) return "overtaken";
      returnedUpTo = Math.max(returnedUpTo, waiting[at]?.deliveredAt ?? returnedUpTo);
      // Messages of one publisher on one topic come in their order: those before the one found will not come any more.
      if (at === waiting.length - 1) outstanding.delete(topic);
      else outstanding.set(topic, waiting.slice(at + 1));
      return "echo";
    },
    sessionLost() {
      for (const topic of [...outstanding.keys()]) keep(topic, ({ deliveredAt }) => deliveredAt === undefined);
    },
  };
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && Buffer.compare(left, right) === 0;
}
