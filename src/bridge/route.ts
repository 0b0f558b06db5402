import { isTopicName, matchesFilter } from "../bus/topic-filter.ts";
import { type BridgeRule, localFilter, remoteFilter } from "./rule.ts";

/** One of the two brokers that a bridge connects. */
export type Side = "local" | "remote";

/** Where messages go: made once from the rules of a bridge (spec/bridges-and-mappers §1.4). */
export interface Router {
  /** Filters to subscribe to on each side, each once. */
  readonly filters: Readonly<Record<Side, readonly string[]>>;
  /** The topic on the other side of a message that came from `from`; the first rule wins. `undefined`: no rule has a place for it. */
  route(from: Side, topic: string): string | undefined;
  /** Whether what the bridge publishes on `topic` of this side comes back to it and must be recognised there (§1.8). */
  returns(side: Side, topic: string): boolean;
}

/** Results are remembered for so many topics of each side, because devices say much on few topics. */
const REMEMBERED = 1_024;
const LONGEST_REMEMBERED = 256;

export function createRouter(rules: readonly BridgeRule[]): Router {
  const sources = {
    local: rules.filter(({ direction }) => direction !== "inbound"),
    remote: rules.filter(({ direction }) => direction !== "outbound"),
  };
  const both = rules.filter(({ direction }) => direction === "bidirectional");
  const routes = {
    local: remember((topic) => firstRoute(sources.local, "local", topic)),
    remote: remember((topic) => firstRoute(sources.remote, "remote", topic)),
  };
  const echoes = {
    local: remember((topic) => both.some((rule) => matchesFilter(localFilter(rule), topic))),
    remote: remember((topic) => both.some((rule) => matchesFilter(remoteFilter(rule), topic))),
  };
  return {
    filters: {
      local: [...new Set(sources.local.map(localFilter))],
      remote: [...new Set(sources.remote.map(remoteFilter))],
    },
    route: (from, topic) => routes[from](topic),
    returns: (side, topic) => echoes[side](topic),
  };
}

/** Converts a topic by one rule; `undefined` when the rule does not select it or the result is no topic (§1.4, gap). */
export function convertTopic(rule: BridgeRule, from: Side, topic: string): string | undefined {
  const [remove, add, filter] =
    from === "local"
      ? [rule.localPrefix, rule.remotePrefix, localFilter(rule)]
      : [rule.remotePrefix, rule.localPrefix, remoteFilter(rule)];
  if (!matchesFilter(filter, topic) || !topic.startsWith(remove)) return undefined;
  const target = add + topic.slice(remove.length);
  return isTopicName(target) ? target : undefined;
}

function firstRoute(rules: readonly BridgeRule[], from: Side, topic: string): string | undefined {
  for (const rule of rules) {
    const target = convertTopic(rule, from, topic);
    if (target !== undefined) return target;
  }
  return undefined;
}

function remember<T>(compute: (topic: string) => T): (topic: string) => T {
  const known = new Map<string, { readonly value: T }>();
  return (topic) => {
    const seen = known.get(topic);
    if (seen !== undefined) return seen.value;
    const value = compute(topic);
    if (topic.length > LONGEST_REMEMBERED) return value;
    if (known.size >= REMEMBERED) known.clear();
    known.set(topic, { value });
    return value;
  };
}
