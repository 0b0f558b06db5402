import { systemClock } from "./base/clock.ts";
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

const code = await runExecutable(thisExecutable().calledBy, process.argv.slice(2), {
  environment: process.env,
  stdout: (text) => writeWhole(1, text, () => end.abort()),
  output: (bytes) => writeWhole(1, bytes, () => end.abort()),
  stderr: (text) => writeWhole(2, text),
  clock: systemClock,
  random: Math.random,
  signal: end.signal,
});
process.exit(code);
