import { systemClock } from "./base/clock.ts";
import type { Fault } from "./base/fault.ts";
import { osErrorText } from "./base/os-error.ts";
import { runExecutable } from "./cli/run-executable.ts";
import { writeWhole } from "./cli/standard-output.ts";
import { thisExecutable } from "./platform/executable.ts";

const end = new AbortController();

/** The first of these signals asks the program to end in order, the second ends it at once (spec/cli-and-config §12.3). */
const ENDING_SIGNALS = { SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
for (const [signal, number] of Object.entries(ENDING_SIGNALS)) {
  process.on(signal, () => {
    if (end.signal.aborted) process.exit(128 + number);
    end.abort();
  });
}

let isOutputLost = false;

/** Whoever reads us may go away, as `head` does. Output that the disk did not take is a failure, told once. */
function loseOutput(because: Fault): void {
  end.abort();
  if (because.code === "EPIPE" || isOutputLost) return;
  isOutputLost = true;
  writeWhole(2, `Error: cannot write to standard output: ${osErrorText(because)}\n`);
}

const code = await runExecutable(thisExecutable().calledBy, process.argv.slice(2), {
  environment: process.env,
  stdout: (text) => writeWhole(1, text, loseOutput),
  output: (bytes) => writeWhole(1, bytes, loseOutput),
  stderr: (text) => writeWhole(2, text),
  clock: systemClock,
  random: Math.random,
  signal: end.signal,
});
process.exit(code === 0 && isOutputLost ? 1 : code);
