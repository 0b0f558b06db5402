import type { Socket } from "bun";

/** Milliseconds between two pieces that a client takes or gives, and bytes that it gives. */
const INTERVAL = 50;
const PIECE = new Uint8Array(16 * 1_024);

/** So many clients download the same file at once, slowly, and leave after `duration` milliseconds, in the middle. */
export async function slowReaders(port: number, path: string, count: number, duration: number): Promise<void> {
  const heads = Array.from({ length: count }, () => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  await withClients(port, heads, duration, (socket) => socket.resume());
}

/** So many clients upload large files at once, slowly, and leave after `duration` milliseconds, in the middle. */
export async function slowWriters(port: number, path: string, count: number, duration: number): Promise<void> {
  const heads = Array.from({ length: count }, (_, index) =>
    [`PUT ${path}-${index} HTTP/1.1`, "Host: 127.0.0.1", "Content-Length: 1000000000", "", ""].join("\r\n"),
  );
  await withClients(port, heads, duration, (socket) => socket.write(PIECE));
}

async function withClients(
  port: number,
  heads: readonly string[],
  duration: number,
  step: (socket: Socket) => void,
): Promise<void> {
  const sockets = await Promise.all(
    heads.map(() =>
      Bun.connect({
        hostname: "127.0.0.1",
        port,
        // What comes is dropped, and nothing more is taken until the next step.
        socket: { data: (socket) => void socket.pause() },
      }),
    ),
  );
  try {
    for (const [index, socket] of sockets.entries()) socket.write(heads[index] ?? "");
    const end = performance.now() + duration;
    while (performance.now() < end) {
      for (const socket of sockets) step(socket);
      await Bun.sleep(INTERVAL);
    }
  } finally {
    for (const socket of sockets) socket.terminate();
  }
}
