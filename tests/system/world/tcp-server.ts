import { createServer, type Socket } from "node:net";

/** A TCP server on 127.0.0.1 that speaks no protocol of its own. */
export interface TcpServer extends AsyncDisposable {
  readonly port: number;
  /** How often somebody connected. */
  connections(): number;
  stop(): Promise<void>;
}

/** Calls `serve` for each connection. Port 0 takes a free one. */
export async function serveTcp(serve: (socket: Socket) => void, port = 0): Promise<TcpServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: address.port, connections: () => connections, stop, [Symbol.asyncDispose]: stop };
}
