import type { ServeOptions, ServeTls } from "./http-listener.ts";
import { watchBody } from "./moving-body.ts";

/** Bun knows no more, in seconds. */
const LONGEST_IDLE = 255;

export type BunServer = Bun.Server<undefined>;

export interface BunServerOptions extends Pick<ServeOptions, "handler" | "idleTimeout"> {
  readonly hostname: string;
  readonly port: number;
  readonly tls?: ServeTls;
  /** Requests that may run at the same time, bodies of answers included. */
  readonly mostRequests: number;
  /** Address of the client, by the one that the connection comes from. */
  readonly clientOf: (peer: Bun.SocketAddress | null) => string | undefined;
  /** Whether requests are refused whose client is not known. */
  readonly knownOnly: boolean;
}

/** One server of Bun. Throws what Bun throws when it cannot listen. */
export function startBunServer(options: BunServerOptions): BunServer {
  const idle = Math.min(LONGEST_IDLE, Math.ceil(options.idleTimeout / 1_000));
  return Bun.serve({
    hostname: options.hostname,
    port: options.port,
    ...(options.tls === undefined ? {} : { tls: bunTls(options.tls) }),
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    idleTimeout: idle,
    development: false,
    // Without it `development: false` sets SO_REUSEPORT, and a second tebus would take half of the connections.
    reusePort: false,
    fetch(request, server) {
      if (server.pendingRequests > options.mostRequests) return tooMany();
      if (options.knownOnly && options.clientOf(server.requestIP(request)) === undefined) return refused();
      watchBody(request, () => server.timeout(request, idle));
      return options.handler(request, {
        get remote() {
          return options.clientOf(server.requestIP(request));
        },
      });
    },
    error: () => new Response(null, { status: 500 }),
  });
}

function tooMany(): Response {
  return new Response("Too many requests are running", {
    status: 503,
    headers: { "content-type": "text/plain; charset=utf-8", "retry-after": "1", connection: "close" },
  });
}

/** Somebody on this machine who goes past the listener that counts connections. */
function refused(): Response {
  return new Response(null, { status: 403, headers: { connection: "close" } });
}

function bunTls(tls: ServeTls): Bun.TLSOptions {
  const identity = { cert: tls.cert, key: tls.key };
  if (tls.clientCa === undefined) return identity;
  return { ...identity, ca: [...tls.clientCa], requestCert: true, rejectUnauthorized: true };
}
