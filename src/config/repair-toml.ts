import { parseToml } from "../base/toml.ts";

export interface RepairedToml {
  readonly text: string;
  /** The lines that were commented out; numbers from 1. */
  readonly broken: readonly { readonly line: number; readonly content: string }[];
}

const MOST_LINES = 10;
const MARK = "# tebus: broken line: ";

/** Comments out the lines that a TOML parser stumbles over; `undefined` when that takes more than a few. */
export function repairToml(text: string): RepairedToml | undefined {
  const lines = text.split("\n");
  const broken: { line: number; content: string }[] = [];
  for (;;) {
    const repaired = lines.join("\n");
    const table = parseToml(repaired);
    if (table.ok) return { text: repaired, broken };
    const index = brokenLine(lines, Number(table.fault.detail?.line));
    if (index === undefined || broken.length === MOST_LINES) return undefined;
    const content = lines[index] ?? "";
    broken.push({ line: index + 1, content: content.trim() });
    lines[index] = `${MARK}${content}`;
  }
}

/** The line that is told, or, when that holds nothing, the last one before it that does. */
function brokenLine(lines: readonly string[], told: number): number | undefined {
  for (let index = Math.min(told, lines.length) - 1; index >= 0; index -= 1) {
    const content = lines[index]?.trim() ?? "";
    if (content !== "" && !content.startsWith("#")) return index;
  }
  return undefined;
}
