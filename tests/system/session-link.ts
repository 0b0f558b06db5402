import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP relay on 127.0.0.1 in front of a broker, which a test can break. */
export interface BreakableLink extends AsyncDisposable {
  readonly port: number;
  /** Ends all connections without ceremony; new ones are let through. */
  cut(): void;
}

export async function breakableLink(target: number): Promise<BreakableLink> {
  const sockets = new Set<Socket>();
  const hold = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  };
  const server = createServer((client) => {
    const broker = connect(target, "127.0.0.1");
    hold(client);
    hold(broker);
    client.pipe(broker);
    broker.pipe(client);
    client.on("close", () => broker.destroy());
    broker.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
