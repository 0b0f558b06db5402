/** Bytes that count as a step forward: a client that sends less than this in an idle timeout stands still. */
const STEP = 4_096;

/**
 * Lets `moved` know of the progress of whoever reads `request.body`. Bun closes a connection whose body comes with less than some 16 KB/s
 * when the idle timeout is over, however steadily it comes. The request stays the runtime's own and its body untouched until it is asked
 * for, so that the runtime can still take it for itself, as `Bun.write` does.
 */
export function watchBody(request: Request, moved: () => void): void {
  Object.defineProperty(request, "body", {
    configurable: true,
    get() {
      Reflect.deleteProperty(request, "body");
      const body = request.body === null ? null : watchStream(request.body, moved);
      Object.defineProperty(request, "body", { configurable: true, value: body });
      return body;
    },
  });
}

function watchStream(stream: ReadableStream<Uint8Array>, moved: () => void): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let step = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        step += value.byteLength;
        if (step >= STEP) {
          step = 0;
          moved();
        }
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
