import type { Clock } from "../base/clock.ts";
import { type Fault, FaultError, fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, type Result } from "../base/result.ts";
import type { Unit } from "../base/unit.ts";
import type { BindFaultCode } from "../platform/bind-fault.ts";
import type { ConnectionLimits, Server, ServeTls } from "../platform/http-listener.ts";
import { serveHttp } from "../platform/serve.ts";
import type { HttpHandler } from "./guard/refuse-foreign.ts";

export interface HttpServerOptions {
  /** IP address and port; port 0 takes a free one. */
  readonly bind: { readonly address: string; readonly port: number };
  readonly tls?: ServeTls;
  readonly limits?: ConnectionLimits;
  readonly app: HttpHandler;
  readonly log: Log;
  readonly clock: Clock;
}

export interface HttpServer extends Unit {
  /** The port that is listened on; 0 before `start`. */
  readonly port: number;
  /** Lets a running server that speaks TLS use another certificate for new connections. */
  changeTls(tls: ServeTls): Promise<Result<undefined, Fault<BindFaultCode | "stopped">>>;
}

/** Milliseconds. */
const IDLE_TIMEOUT = 240_000;
const STOP_GRACE = 5_000;

/** The agent's HTTP server ("file transfer service"). `start` throws a `FaultError` when the port is taken (spec/http-api, top). */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { bind, tls, limits, app, log, clock } = options;
  let server: Server | undefined;
  return {
    name: "http",
    get port() {
      return server?.port ?? 0;
    },
    async start(signal) {
      signal.throwIfAborted();
      const served = await serveHttp({
        hostname: bind.address,
        port: bind.port,
        ...(tls === undefined ? {} : { tls }),
        ...(limits === undefined ? {} : { limits }),
        handler: app,
        idleTimeout: IDLE_TIMEOUT,
        clock,
      });
      const where = `${bind.address.includes(":") ? `[${bind.address}]` : bind.address}:${bind.port}`;
      if (!served.ok) {
        const { code, message } = served.fault;
        const cause = fault(code, `${message}${REMEDIES[code] ?? ""}`);
        throw new FaultError(fault(code, `Binding file-transfer server to ${where}`, { cause }));
      }
      server = served.value;
      log.info(describeTls(tls));
      if (limits !== undefined && server.mostConnections < limits.most) {
        const asked = `http.max_connections is ${limits.most}`;
        log.warn(`${asked}, but ${server.mostConnections} is all that the limit of open files (ulimit -n) allows`);
      }
    },
    changeTls: async (changed) =>
      server === undefined ? err(fault("stopped", "The server does not run")) : await server.changeTls(changed),
    async stop() {
      const running = server;
      server = undefined;
      await running?.stop(STOP_GRACE);
    },
  };
}

const REMEDIES: Readonly<Partial<Record<BindFaultCode, string>>> = {
  "address-in-use": "; end the program that listens there, or choose another `http.bind.port`",
  "address-not-available": "; set `http.bind.address` to an address of this machine",
  "no-permission": "; choose an `http.bind.port` above 1023",
};

function describeTls(tls: ServeTls | undefined): string {
  if (tls === undefined) return "HTTPS disabled (set `http.cert_path` and `http.key_path` to enable it)";
  if (tls.clientCa === undefined) return "HTTPS enabled (`http.cert_path`, `http.key_path`)";
  return `HTTPS enabled (\`http.cert_path\`, \`http.key_path\`), client certificates of ${tls.clientCa.length} authorities accepted (\`http.ca_path\`)`;
}
