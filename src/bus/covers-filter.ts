import type { Subscription } from "./participant.ts";

/** Whether every topic that `inner` selects is selected by `outer` too. */
export function coversFilter(outer: string, inner: string): boolean {
  if (inner.startsWith("$") && !outer.startsWith("$")) return false;
  const outerLevels = outer.split("/");
  const innerLevels = inner.split("/");
  for (const [index, level] of outerLevels.entries()) {
    if (level === "#") return true;
    const other = innerLevels[index];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return outerLevels.length === innerLevels.length;
}

/**
 * The fewest of `subscriptions` that select the same topics with at least the same QoS: a broker may deliver a message once for each
 * overlapping filter, and it has to be handled once (spec/mqtt-api §14.2).
 */
export function uniteSubscriptions(subscriptions: readonly Subscription[]): Subscription[] {
  const united: Subscription[] = [];
  for (const next of subscriptions) {
    if (united.some((held) => covers(held, next))) continue;
    const rest = united.filter((held) => !covers(next, held));
    united.splice(0, united.length, ...rest, next);
  }
  return united;
}

function covers(outer: Subscription, inner: Subscription): boolean {
  return outer.qos >= inner.qos && coversFilter(outer.filter, inner.filter);
}
