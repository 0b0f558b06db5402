import type { Subprocess } from "bun";

/** What a process has written to a pipe so far, as text. */
export interface ProcessOutput {
  text(): string;
  /** Resolves at the end of the stream. */
  readonly ended: Promise<void>;
}

/** Reads a pipe to its end in the background, so that the process never blocks on it. */
export function readOutput(stream: ReadableStream<Uint8Array>): ProcessOutput {
  let text = "";
  const decoder = new TextDecoder();
  const read = async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  return { text: () => text, ended: read() };
}

/** Sends a signal unless the process has ended, and waits for its end. SIGKILL follows after `patience` milliseconds. */
export async function endProcess(child: Subprocess, signal: NodeJS.Signals, patience = 10_000): Promise<number> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  try {
    return await child.exited;
  } finally {
    clearTimeout(timer);
  }
}
