import type { CancelTimer, Clock } from "../../base/clock.ts";

export interface StreamRights {
  readonly clock: Clock;
  /** Whether the client may still have it. */
  readonly isAllowed: () => boolean;
  /** Milliseconds since the epoch at which it may not any more. */
  readonly until: number | undefined;
  /** Calls the listener when the answer of `isAllowed` may have changed. Gives a function that ends it. */
  readonly watch: (listener: () => void) => () => void;
}

/** A stream of events, which has no end of its own, ends with the right to it. Other answers are left as they are. */
export function endStreamWith(response: Response, rights: StreamRights): Response {
  const { body, headers } = response;
  if (body === null || headers.get("content-type")?.startsWith("text/event-stream") !== true) return response;
  return new Response(endBodyWith(body, rights), response);
}

function endBodyWith(body: ReadableStream<Uint8Array>, rights: StreamRights): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const over = Promise.withResolvers<undefined>();
  const look = () => {
    if (!rights.isAllowed()) over.resolve(undefined);
  };
  const unwatch = rights.watch(look);
  const cancelTimer = expiry(rights, look);
  const forget = () => {
    unwatch();
    cancelTimer();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await Promise.race([reader.read(), over.promise]);
        if (next?.done === false) return controller.enqueue(next.value);
        forget();
        controller.close();
        if (next === undefined) await reader.cancel();
      },
      async cancel(reason) {
        forget();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** A timer may be shorter than asked for: the clock's longest is some weeks. */
function expiry({ clock, until }: StreamRights, look: () => void): () => void {
  if (until === undefined) return () => undefined;
  let cancel: CancelTimer = () => undefined;
  const wait = () => {
    cancel = clock.after(until - clock.now(), () => {
      look();
      if (clock.now() < until) wait();
    });
  };
  wait();
  return () => cancel();
}
