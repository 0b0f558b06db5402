import { type Fault, fault } from "../base/fault.ts";
import { isTopicFilter } from "../bus/topic-filter.ts";
import type { Direction } from "./rule-file.ts";

/** A rule with everything filled in. Local topic = `localPrefix` + rest, remote topic = `remotePrefix` + rest, `topic` selects the rest. */
export interface BridgeRule {
  readonly localPrefix: string;
  readonly remotePrefix: string;
  /** A filter; empty for the remap of one whole topic to another. */
  readonly topic: string;
  readonly direction: Direction;
}

/** The checks of spec/bridges-and-mappers §2.6, in their order; `undefined` when the rule is sound. */
export function checkRule(rule: BridgeRule): Fault<"invalid-rule"> | undefined {
  const { localPrefix, remotePrefix, topic, direction } = rule;
  const [subscribed, target] = direction === "inbound" ? [remotePrefix, localPrefix] : [localPrefix, remotePrefix];
  const wild = [target, subscribed].find((prefix) => /[+#]/.test(prefix));
  if (wild !== undefined) {
    return invalid(`"${wild}" is not a valid MQTT bridge topic prefix because it contains '+' or '#'`);
  }
  if (topic === "") {
    if (localPrefix !== "" && remotePrefix !== "") return undefined;
    const shown = `topic "" with local_prefix "${localPrefix}" and remote_prefix "${remotePrefix}"`;
    return invalid(`${shown} is not a valid rule, at least one of the topic filter or both prefixes must be non-empty`);
  }
  const open = [subscribed, target].find((prefix) => prefix !== "" && !prefix.endsWith("/"));
  if (open !== undefined) {
    return invalid(`"${open}" is not a valid MQTT bridge topic prefix as it is missing a trailing slash`);
  }
  return isTopicFilter(topic) ? undefined : invalid(`"${topic}" is not a valid MQTT bridge topic filter`);
}

export function localFilter(rule: BridgeRule): string {
  return rule.localPrefix + rule.topic;
}

export function remoteFilter(rule: BridgeRule): string {
  return rule.remotePrefix + rule.topic;
}

function invalid(message: string): Fault<"invalid-rule"> {
  return fault("invalid-rule", message);
}
