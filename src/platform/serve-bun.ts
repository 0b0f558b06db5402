import type { Fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type BindFaultCode, bindFault } from "./bind-fault.ts";
import type { ServeOptions, Server, ServeTls } from "./http-listener.ts";
import { stopInTime } from "./stop-in-time.ts";

const LONGEST_IDLE = 255;

export function serveOnBun(options: ServeOptions): Result<Server, Fault<BindFaultCode>> {
  try {
    const server = Bun.serve({
      hostname: options.hostname,
      port: options.port,
      ...(options.tls === undefined ? {} : { tls: bunTls(options.tls) }),
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      idleTimeout: Math.min(LONGEST_IDLE, Math.ceil(options.idleTimeout / 1_000)),
      development: false,
      // Without it `development: false` sets SO_REUSEPORT, and a second tebus would take half of the connections.
      reusePort: false,
      fetch: (request, listener) =>
        options.handler(request, {
          get remote() {
            return listener.requestIP(request)?.address;
          },
        }),
      error: () => new Response(null, { status: 500 }),
    });
    return ok({
      port: server.port ?? options.port,
      stop: (grace) =>
        stopInTime(
          options.clock,
          grace,
          () => server.stop(),
          () => server.stop(true),
        ),
    });
  } catch (thrown) {
    return err(bindFault(thrown));
  }
}

function bunTls(tls: ServeTls): Bun.TLSOptions {
  const identity = { cert: tls.cert, key: tls.key };
  if (tls.clientCa === undefined) return identity;
  return { ...identity, ca: [...tls.clientCa], requestCert: true, rejectUnauthorized: true };
}
