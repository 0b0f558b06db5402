import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

export interface TestProxy extends AsyncDisposable {
  readonly port: number;
  /** First lines of the requests: `CONNECT localhost:443 HTTP/1.1`, `GET http://localhost/ HTTP/1.1`. */
  readonly requests: string[];
}

export interface TestProxyOptions {
  /** What `Proxy-Authorization` has to say; otherwise the answer is 407. */
  readonly authorization?: string;
  /** The status line of every answer, instead of passing anything on. */
  readonly refuse?: string;
  /** It is spoken to by TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** An HTTP proxy on a port of 127.0.0.1; each connection serves one request. */
export async function startTestProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (client: Socket) => {
    sockets.add(client);
    client.on("error", () => client.destroy());
    let received = Buffer.alloc(0);
    client.on("data", function onData(chunk: Buffer) {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      client.off("data", onData);
      const head = received.subarray(0, end).toString("latin1");
      requests.push(head.split("\r\n", 1)[0] ?? "");
      sockets.add(answer(client, head, received.subarray(end + 4), options));
    });
  };
  const server = options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
  server.on("tlsClientError", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(client: Socket, head: string, rest: Buffer, options: TestProxyOptions): Socket {
  const authorization = /^proxy-authorization: (.*)$/im.exec(head)?.[1];
  const isAllowed = options.authorization === undefined || authorization === options.authorization;
  const refusal = options.refuse ?? (isAllowed ? undefined : "407 Proxy Authentication Required");
  if (refusal !== undefined) return client.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  const [method = "", target = "", version = ""] = (head.split("\r\n", 1)[0] ?? "").split(" ");
  const url = new URL(method === "CONNECT" ? `http://${target}` : target);
  const upstream = connect(Number(url.port || 80), url.hostname.replace(/^\[|\]$/g, ""), () => {
    if (method === "CONNECT") client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    else {
      const headers = head
        .split("\r\n")
        .slice(1)
        .filter((line) => !/^(?:proxy-)?(?:authorization|connection):/i.test(line));
      upstream.write(
        [`${method} ${url.pathname}${url.search} ${version}`, "Connection: close", ...headers, "\r\n"].join("\r\n"),
      );
    }
    upstream.write(rest);
    client.pipe(upstream).pipe(client);
  });
  upstream.on("error", () => client.destroy());
  return upstream;
}
