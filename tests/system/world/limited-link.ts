import { connect, type Socket } from "node:net";
import { serveTcp, type TcpServer } from "./tcp-server.ts";

/** What becomes of one connection after so many bytes: it is cut, nothing moves any more, or a byte each half second does. */
export interface LinkLimit {
  readonly after: number;
  /** Whose bytes count; those of the other one pass. Default: the server's. */
  readonly of?: "client" | "server";
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
    pass(client, server, limit?.of === "client" ? limit : undefined);
    pass(server, client, limit?.of === "client" ? undefined : limit);
  });
}

function pass(from: Socket, to: Socket, limit: LinkLimit | undefined): void {
  if (limit === undefined) {
    from.pipe(to);
    return;
  }
  let left = limit.after;
  from.on("data", (chunk: Buffer) => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    to.write(part);
    if (left > 0) return;
    from.pause();
    if (limit.fate === "cut") to.end();
    if (limit.fate === "trickle") trickle(chunk.subarray(part.length), to);
  });
}

function trickle(bytes: Buffer, to: Socket): void {
  let sent = 0;
  const timer = setInterval(() => to.write(bytes.subarray(sent, ++sent)), 500);
  to.on("close", () => clearInterval(timer));
}
