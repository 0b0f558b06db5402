import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type BindFaultCode, bindFault } from "./bind-fault.ts";
import { startBunServer } from "./bun-server.ts";
import { type ConnectionLimits, type ServeOptions, type Server, UNLIMITED } from "./http-listener.ts";
import { watchIdleConnections } from "./idle-connections.ts";
import { isThisMachine } from "./loopback.ts";
import { openFileLimit } from "./open-files.ts";
import { serveBehindDoor } from "./serve-behind-door.ts";
import { stopInTime } from "./stop-in-time.ts";

/**
 * Bun's server alone where only this machine can reach it and no TLS is spoken: that moves files fastest. Elsewhere it is behind a front
 * door, which takes a third of that, and still is as fast as the networks of devices.
 */
export function serveOnBun(options: ServeOptions): Result<Server, Fault<BindFaultCode>> {
  try {
    const { tls, limits = UNLIMITED, hostname } = options;
    if (tls === undefined && isThisMachine(hostname)) return ok(serveAlone({ ...options, limits: within(limits, 1) }));
    return ok(serveBehindDoor({ ...options, limits: within(limits, 3) }));
  } catch (thrown) {
    return err(bindFault(thrown));
  }
}

function serveAlone(options: ServeOptions & { readonly limits: ConnectionLimits }): Server {
  const { clock, limits } = options;
  const server = startBunServer({
    handler: options.handler,
    idleTimeout: options.idleTimeout,
    hostname: options.hostname,
    port: options.port,
    mostRequests: limits.most,
    clientOf: (peer) => peer?.address,
    knownOnly: false,
  });
  const watch = watchIdleConnections(server, limits.most, clock);
  return {
    port: server.port ?? options.port,
    mostConnections: limits.most,
    changeTls: async () => err(fault("unsupported", "A server of plain HTTP cannot begin to speak TLS")),
    async stop(grace) {
      watch.stop();
      await stopInTime(
        clock,
        grace,
        () => server.stop(),
        () => server.stop(true),
      );
    },
  };
}

/** Files that the rest of the process needs: the broker, uploads, plugins. */
const OTHER_FILES = 200;

/** The limits, or less where the process may not open enough files; `files` for each connection. */
function within(limits: ConnectionLimits, files: number): ConnectionLimits {
  const possible = Math.max(16, Math.floor((openFileLimit() - OTHER_FILES) / files));
  return { ...limits, most: Math.min(limits.most, possible) };
}
