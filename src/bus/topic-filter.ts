/** A topic that can be published to: not empty, no wildcard, sendable, at most 65,535 bytes (MQTT-4.7.1-1, MQTT-4.7.3). */
export function isTopicName(text: string): boolean {
  return fits(text) && !/[+#]/.test(text) && isSendable(text);
}

/**
 * Whether no broker closes the connection for what stands in a topic, as MQTT 3.1.1 §1.5.3 allows it to do for control characters and code
 * points that are no characters. mosquitto does, and the message comes again with the next connection.
 */
export function isSendable(text: string): boolean {
  return !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(text);
}

/** A filter that can be subscribed to: `#` alone in the last level, `+` alone in its level (MQTT-4.7.1-2, MQTT-4.7.1-3). */
export function isTopicFilter(text: string): boolean {
  if (!fits(text) || text.includes("\0")) return false;
  const levels = text.split("/");
  return levels.every((level, index) => {
    if (level === "#") return index === levels.length - 1;
    return level === "+" || !/[+#]/.test(level);
  });
}

/** Whether a filter selects a topic. Wildcards at the first level do not select topics that begin with `$` (MQTT-4.7.2-1). */
export function matchesFilter(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && !filter.startsWith("$")) return false;
  let at = 0;
  let rest = 0;
  for (;;) {
    const filterEnd = levelEnd(filter, at);
    if (filter[at] === "#") return true;
    const topicEnd = levelEnd(topic, rest);
    if (!(filter[at] === "+" && filterEnd === at + 1) && !sameLevel(filter, at, filterEnd, topic, rest, topicEnd)) {
      return false;
    }
    const filterDone = filterEnd === filter.length;
    const topicDone = topicEnd === topic.length;
    if (topicDone) return filterDone || filter.slice(filterEnd) === "/#";
    if (filterDone) return false;
    at = filterEnd + 1;
    rest = topicEnd + 1;
  }
}

function sameLevel(left: string, from: number, to: number, right: string, rightFrom: number, rightTo: number): boolean {
  return to - from === rightTo - rightFrom && left.startsWith(right.slice(rightFrom, rightTo), from);
}

function levelEnd(text: string, from: number): number {
  const slash = text.indexOf("/", from);
  return slash === -1 ? text.length : slash;
}

function fits(text: string): boolean {
  return text !== "" && Buffer.byteLength(text) <= 65_535;
}
