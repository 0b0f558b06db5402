import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type BindFaultCode, bindFault } from "./bind-fault.ts";
import type { DenoRuntime } from "./deno.ts";
import type { ServeOptions, Server } from "./http-listener.ts";
import { stopInTime } from "./stop-in-time.ts";

/** Deno's server cannot ask for client certificates, change its own, count connections or answer plain HTTP beside TLS, and has no idle timeout. */
export function serveOnDeno(options: ServeOptions, deno: DenoRuntime): Result<Server, Fault<BindFaultCode>> {
  if (options.tls?.clientCa !== undefined) {
    return err(fault("unsupported", "Client certificates are not supported when tebus runs on Deno"));
  }
  const cut = new AbortController();
  try {
    const server = deno.serve(
      {
        hostname: options.hostname,
        port: options.port,
        ...(options.tls === undefined ? {} : { cert: options.tls.cert, key: options.tls.key }),
        signal: cut.signal,
        onListen: () => undefined,
        onError: () => new Response(null, { status: 500 }),
      },
      (request, info) => options.handler(request, { remote: info.remoteAddr.hostname }),
    );
    return ok({
      port: server.addr.port,
      mostConnections: Number.POSITIVE_INFINITY,
      changeTls: async () =>
        err(fault("unsupported", "The certificate of the server cannot change while tebus runs on Deno; restart it")),
      stop: (grace) =>
        stopInTime(
          options.clock,
          grace,
          () => server.shutdown(),
          async () => cut.abort(),
        ),
    });
  } catch (thrown) {
    return err(bindFault(thrown));
  }
}
