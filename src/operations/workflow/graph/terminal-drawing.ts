import type { GraphState, StateGraph, Way } from "./state-graph.ts";

/** Columns of a terminal that is not wider than others. */
const WIDTH = 78;
const INSIDE = WIDTH - 4;

/**
 * The states as boxes below each other, with the ways between them:
 * ```
 * ┌─ init ───────────────────┐
 * │ move to executing state  │
 * └──┬───────────────────────┘
 *    ├─▶ failed  on_error
 *    ▼ on_success
 * ```
 */
export function terminalDrawing({ states }: StateGraph): string {
  const widest = Math.max(...states.flatMap(({ name, action }) => [lengthOf(name) + 2, lengthOf(action)]));
  const inside = Math.min(INSIDE, widest);
  const place = new Map(states.map(({ name }, index) => [name, index]));
  return states
    .flatMap((state, index) => [...box(state, inside), ...ways(state, index, states, place)])
    .join("\n")
    .concat("\n");
}

function box({ name, action, ways: out, leadsAnywhere }: GraphState, inside: number): readonly string[] {
  const title = shortened(name, inside - 1);
  const text = shortened(action, inside);
  const goesOn = out.length > 0 || leadsAnywhere;
  return [
    `┌─ ${title} ${"─".repeat(inside - lengthOf(title) - 1)}┐`,
    `│ ${text}${" ".repeat(inside - lengthOf(text))} │`,
    goesOn ? `└──┬${"─".repeat(inside - 1)}┘` : `└${"─".repeat(inside + 2)}┘`,
  ];
}

/** The way to the box below comes last, as an arrow to it; ways back are marked. */
function ways(
  state: GraphState,
  index: number,
  states: readonly GraphState[],
  place: ReadonlyMap<string, number>,
): readonly string[] {
  const below = states[index + 1]?.name;
  const others = state.ways.filter(({ to }) => to !== below);
  const next = state.ways.find(({ to }) => to === below);
  const lines = others.map((way) => `─▶ ${target(way, index, place)}`);
  if (state.leadsAnywhere) lines.push("─▶ the state that the script names");
  const isLast = (at: number) => next === undefined && at === lines.length - 1;
  return [
    ...lines.map((line, at) => shortened(`   ${isLast(at) ? "└" : "├"}${line}`, WIDTH)),
    ...(next === undefined ? [] : [shortened(`   ▼ ${next.handlers.join(", ")}`, WIDTH)]),
  ];
}

function target({ to, handlers }: Way, index: number, place: ReadonlyMap<string, number>): string {
  const back = (place.get(to) ?? 0) <= index ? " ↑" : "";
  return `${to}${back}  ${handlers.join(", ")}`;
}

function shortened(text: string, columns: number): string {
  const line = text.replace(/\s+/g, (blanks) => (blanks.includes("\n") ? " " : blanks));
  return lengthOf(line) <= columns ? line : `${[...line].slice(0, columns - 1).join("")}…`;
}

function lengthOf(text: string): number {
  return [...text].length;
}
