import type { StateGraph } from "./state-graph.ts";

/** A Mermaid state diagram, for documents and web pages. */
export function mermaidText({ operation, states }: StateGraph): string {
  const ids = new Map(states.map(({ name }, index) => [name, `s${index}`]));
  const idOf = (name: string) => ids.get(name) ?? "";
  const lines = [
    "---",
    `title: ${JSON.stringify(operation)}`,
    "---",
    "stateDiagram-v2",
    ...states.map(({ name }) => `    state "${escaped(name)}" as ${idOf(name)}`),
    `    [*] --> ${idOf("init")}`,
  ];
  for (const { name, action, ways, leadsAnywhere, isEnd } of states) {
    for (const { to, handlers } of ways)
      lines.push(`    ${idOf(name)} --> ${idOf(to)}: ${escaped(handlers.join(", "))}`);
    if (isEnd) lines.push(`    ${idOf(name)} --> [*]`);
    else
      lines.push(
        `    note right of ${idOf(name)}: ${escaped(leadsAnywhere ? `${action} names the next state` : action)}`,
      );
  }
  return `${lines.join("\n")}\n`;
}

/** Characters that mean something to Mermaid, or that end a line, as entities. */
function escaped(text: string): string {
  return text.replace(/["#;:<>{}\p{Cc}]/gu, (character) => `#${character.codePointAt(0)};`);
}
