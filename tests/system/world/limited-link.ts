import { connect, type Socket } from "node:net";
import { serveTcp, type TcpServer } from "./tcp-server.ts";

/** What becomes of one connection after so many bytes to the client: it is cut, nothing moves any more, or a byte each half second does. */
export interface LinkLimit {
  readonly after: number;
  readonly fate: "cut" | "hold" | "trickle";
}

/** A TCP relay to a port of 127.0.0.1. The first connections have the limits that are given, later ones none. */
export function limitedLink(target: number, ...limits: readonly LinkLimit[]): Promise<TcpServer> {
  let connections = 0;
  return serveTcp((client) => {
    const limit = limits[connections];
    connections += 1;
    const server = connect(target, "127.0.0.1");
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
    client.pipe(server);
    if (limit === undefined) server.pipe(client);
    else passSome(server, client, limit);
  });
}

function passSome(server: Socket, client: Socket, { after, fate }: LinkLimit): void {
  let left = after;
  server.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    client.write(part);
    if (left > 0) return;
    server.pause();
    if (fate === "cut") client.end();
    if (fate === "trickle") trickle(chunk.subarray(part.length), client);
  });
}

function trickle(bytes: Buffer, client: Socket): void {
  let sent = 0;
  const timer = setInterval(() => client.write(bytes.subarray(sent, ++sent)), 500);
  client.on("close", () => clearInterval(timer));
}
