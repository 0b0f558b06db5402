import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

/** One connection of a client, after its request came. */
export interface Exchange {
  /** `GET /x HTTP/1.1` */
  readonly requestLine: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly socket: Socket;
}

export type Turn = (exchange: Exchange) => void;

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: Exchange[];
}

/** A server that plays one turn a request, the last one again and again. Every connection serves one request. */
export async function scriptedServer(...turns: readonly Turn[]): Promise<ScriptedServer> {
  const requests: Exchange[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = "";
    socket.on("error", () => undefined);
    socket.on("data", function onData(chunk) {
      received += chunk.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      const exchange = { ...parseHead(received.slice(0, end)), body: received.slice(end + 4), socket };
      if (exchange.body.length < Number(exchange.headers.get("content-length") ?? 0)) return;
      socket.off("data", onData);
      socket.on("data", () => undefined);
      requests.push(exchange);
      turns[Math.min(requests.length, turns.length) - 1]?.(exchange);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/file`,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parseHead(head: string): Pick<Exchange, "requestLine" | "headers"> {
  const [requestLine = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { requestLine, headers: new Map(headers) };
}

/** A whole answer; a character of `body` is one byte. */
export function answer(status: string, headers: Readonly<Record<string, string>>, body = ""): Turn {
  return ({ socket }) =>
    socket.end(head(status, { "content-length": String(body.length), ...headers }) + body, "latin1");
}

/** An answer that announces more, or is chunked, and breaks off after `body`, as soon as `arrived` holds. */
export function brokenAnswer(
  status: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  arrived: () => boolean = () => true,
): Turn {
  return ({ socket }) => {
    const sent = headers["transfer-encoding"] === undefined ? body : `${body.length.toString(16)}\r\n${body}\r\n`;
    const endOnceArrived = () => (arrived() ? void socket.end() : void setImmediate(endOnceArrived));
    socket.write(head(status, headers) + sent, endOnceArrived);
  };
}

/** The connection is closed without an answer. */
export const hangUp: Turn = ({ socket }) => void socket.destroy();

/** No answer ever. */
export const keepSilent: Turn = () => undefined;

function head(status: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ connection: "close", ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`;
}
