import type { CancelTimer, Clock } from "../../base/clock.ts";
import { plainAnswer } from "./plain-answer.ts";
import type { RawSocket, SocketEvents } from "./raw-socket.ts";

/** Milliseconds for the head of the request, and for the client to read the answer. */
const HEAD_TIMEOUT = 10_000;
const LINGER = 2_000;
/** Bytes of a body that are taken, since a client may read the answer only when it has sent all. */
const MOST_DISCARDED = 1_048_576;

/** Answers a client that speaks HTTP where TLS is spoken, and closes the connection. */
export function plainClient(socket: RawSocket, clock: Clock): SocketEvents {
  let head: string | undefined = "";
  let discarded = 0;
  let cancel: CancelTimer = clock.after(HEAD_TIMEOUT, () => socket.terminate());
  return {
    received(chunk) {
      if (head === undefined) {
        discarded += chunk.byteLength;
        if (discarded > MOST_DISCARDED) socket.terminate();
        return;
      }
      head += Buffer.from(chunk).toString("latin1");
      const answer = plainAnswer(head);
      if (answer === undefined) return;
      head = undefined;
      cancel();
      cancel = clock.after(LINGER, () => socket.terminate());
      socket.write(answer);
      socket.shutdown();
    },
    drained: () => undefined,
    ended: () => socket.end(),
    closed: () => cancel(),
  };
}
