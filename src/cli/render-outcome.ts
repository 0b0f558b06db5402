import { exhaustive } from "../base/exhaustive.ts";
import { faultChain } from "../base/fault.ts";
import type { CommandOutcome } from "./outcome.ts";

/** Prints how a command ended and gives its exit code (spec/cli-and-config §1.3). */
export function renderOutcome(outcome: CommandOutcome, stderr: (text: string) => void, usageExit: number): number {
  switch (outcome.kind) {
    case "done":
      return outcome.exit ?? 0;
    case "usage":
      stderr(`error: ${outcome.text}\n\nFor more information, try '--help'.\n`);
      return outcome.exit ?? usageExit;
    case "failed":
      stderr(`Error: ${outcome.top ?? `failed to ${outcome.description}`}\n\n`);
      stderr(`Caused by:\n${causes(faultChain(outcome.fault))}`);
      return outcome.exit ?? 1;
    default:
      return exhaustive(outcome);
  }
}

/** One cause on an indented line, several with a number before each; the further lines of a text are indented alike. */
function causes(chain: readonly string[]): string {
  return chain
    .map((text, index) => {
      const number = chain.length === 1 ? "" : `${index}: `;
      return `    ${number}${text.replaceAll("\n", `\n    ${" ".repeat(number.length)}`)}\n`;
    })
    .join("");
}
