import { runProgram } from "./program.ts";

/** Runs curl and gives the body of the answer; throws with all that curl says when the status is 400 or above. */
export function curl(...args: readonly string[]): Promise<string> {
  return runProgram(["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "10", ...args]);
}
