/** The chunks of a stream until it ends; when `signal` is aborted it is given up and this throws, also while the source is silent. */
export async function* interruptible(
  content: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = content.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) throw new Error("Interrupted");
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw new Error("Interrupted");
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}
