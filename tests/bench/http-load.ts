import type { Socket } from "bun";

export interface HttpLoad {
  readonly port: number;
  /** The request number `count`, whole. */
  readonly request: (count: number) => Uint8Array;
  readonly connections: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Requests per second that a server of 127.0.0.1 answers: each connection sends the next request when it has the whole answer to the
 * last. Every answer must be 2xx and tell its length.
 */
export async function requestRate({ port, request, connections, duration }: HttpLoad): Promise<number> {
  let answered = 0;
  let sent = 0;
  const failed = Promise.withResolvers<never>();
  const sockets: Socket<Answer>[] = [];
  const send = (socket: Socket<Answer>) => {
    socket.data = { head: "", left: 0 };
    const bytes = request(sent++);
    if (socket.write(bytes) !== bytes.length) failed.reject(new Error("A request was not taken whole"));
  };
  for (let count = 0; count < connections; count += 1) {
    sockets.push(
      await Bun.connect<Answer>({
        hostname: "127.0.0.1",
        port,
        data: { head: "", left: 0 },
        socket: {
          data(socket, bytes) {
            try {
              if (!take(socket.data, bytes)) return;
              answered += 1;
              send(socket);
            } catch (thrown) {
              failed.reject(thrown);
            }
          },
          error: (_socket, thrown) => failed.reject(thrown),
          close: () => failed.reject(new Error("The server closed a connection")),
        },
      }),
    );
  }
  const begin = performance.now();
  for (const socket of sockets) send(socket);
  try {
    await Promise.race([Bun.sleep(duration), failed.promise]);
    return (answered * 1_000) / (performance.now() - begin);
  } finally {
    failed.promise.catch(() => undefined);
    for (const socket of sockets) socket.terminate();
  }
}

interface Answer {
  head: string;
  /** Bytes of the body that are still to come. */
  left: number;
}

/** True when the answer is whole. */
function take(answer: Answer, bytes: Uint8Array): boolean {
  if (answer.left > 0) {
    answer.left -= bytes.length;
    return answer.left === 0;
  }
  answer.head += Buffer.from(bytes).toString("latin1");
  const end = answer.head.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const status = /^HTTP\/1\.1 2\d\d /.test(answer.head);
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer.head)?.[1];
  if (!status || (length === undefined && !answer.head.includes(" 204 "))) throw new Error(`Answered: ${answer.head}`);
  answer.left = Number(length ?? 0) - (answer.head.length - end - 4);
  return answer.left === 0;
}
