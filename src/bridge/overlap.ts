import { type BridgeRule, localFilter, remoteFilter } from "./rule.ts";

/** An outbound and an inbound rule that hand each other's messages round and round (spec/bridges-and-mappers §1.8, gap). */
export interface Loop {
  readonly outbound: BridgeRule;
  readonly inbound: BridgeRule;
}

/** Pairs of one-way rules that overlap on both sides. A message of theirs has no protection against loops, which only bidirectional rules have. */
export function findLoops(rules: readonly BridgeRule[]): readonly Loop[] {
  const inbound = rules.filter(({ direction }) => direction === "inbound");
  return rules
    .filter(({ direction }) => direction === "outbound")
    .flatMap((out) => inbound.filter((back) => goesRound(out, back)).map((back) => ({ outbound: out, inbound: back })));
}

/** The warning about a loop, with what to do. */
export function describeLoop({ outbound, inbound }: Loop): string {
  const shown = (rule: BridgeRule, arrow: string) => `${localFilter(rule)} ${arrow} ${remoteFilter(rule)}`;
  return (
    `Outbound rule ${shown(outbound, "->")} and inbound rule ${shown(inbound, "<-")} overlap on both sides, ` +
    'so a message can go round for ever. Use one rule with direction = "bidirectional"'
  );
}

function goesRound(outbound: BridgeRule, inbound: BridgeRule): boolean {
  return (
    filtersOverlap(localFilter(outbound), localFilter(inbound)) &&
    filtersOverlap(remoteFilter(outbound), remoteFilter(inbound))
  );
}

/** Whether some topic is selected by both filters. */
export function filtersOverlap(left: string, right: string): boolean {
  if (left.startsWith("$") !== right.startsWith("$")) return false;
  return levelsOverlap(left.split("/"), right.split("/"));
}

function levelsOverlap(left: readonly string[], right: readonly string[]): boolean {
  const [first, ...leftRest] = left;
  const [second, ...rightRest] = right;
  if (first === "#" || second === "#") return true;
  if (first === undefined || second === undefined) return first === second || isHash(left) || isHash(right);
  return (first === second || first === "+" || second === "+") && levelsOverlap(leftRest, rightRest);
}

function isHash(levels: readonly string[]): boolean {
  return levels.length === 1 && levels[0] === "#";
}
