import { fault } from "../base/fault.ts";
import { configureLogging, createLog } from "../base/log.ts";
import { runDemo } from "../services/demo/run-demo.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

/** `tebus demo [--for DURATION]`: with a duration (milliseconds), exit 0 only if everything that the demo promises was observed. */
export async function demoCommand(context: CliContext, args: { readonly duration?: number }): Promise<CommandOutcome> {
  configureLogging({ level: "warn", timestamps: true });
  const print = (line: string) => void context.stdout(`${line}\n`);
  print("tebus demo: a whole gateway in one process. Everything that follows happens now, for real.");
  const missing = await runDemo({
    ...(args.duration === undefined ? {} : { duration: args.duration }),
    environment: context.environment,
    clock: context.clock,
    random: context.random,
    log: createLog,
    print,
    signal: context.signal,
  });
  if (missing.length === 0) print("Ended cleanly. Everything was seen to work.");
  if (missing.length === 0 || args.duration === undefined) return { kind: "done" };
  const message = `It was not seen that ${missing.join("; that ")}`;
  return { kind: "failed", description: "show everything", fault: fault("demo-incomplete", message) };
}
