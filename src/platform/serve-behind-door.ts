import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type BindFaultCode, bindFault } from "./bind-fault.ts";
import { type BunServer, startBunServer } from "./bun-server.ts";
import { type FrontDoor, openFrontDoor } from "./front/front-door.ts";
import type { ConnectionLimits, ServeOptions, Server, ServeTls } from "./http-listener.ts";
import { stopInTime } from "./stop-in-time.ts";

type Options = ServeOptions & { readonly limits: ConnectionLimits };

/**
 * A front door with servers behind it: the one of the moment, and earlier ones, with other certificates, until their last request ended.
 * Throws what Bun throws when it cannot listen.
 */
export function serveBehindDoor(options: Options): Server {
  const { clock, limits } = options;
  const servers = new Set<BunServer>();
  const start = (tls: ServeTls | undefined) => {
    const server = startBunServer({
      handler: options.handler,
      idleTimeout: options.idleTimeout,
      hostname: "127.0.0.1",
      port: 0,
      ...(tls === undefined ? {} : { tls }),
      mostRequests: limits.most,
      clientOf: (peer) => (peer === null ? undefined : door.clientAt(peer.port)),
      knownOnly: true,
    });
    servers.add(server);
    return server;
  };
  const retire = async (server: BunServer) => {
    await server.stop();
    servers.delete(server);
  };

  let current = start(options.tls);
  const door = openDoor(options, current, () => current.port ?? 0);

  const changeTls = async (tls: ServeTls): Promise<Result<undefined, Fault<BindFaultCode>>> => {
    if (options.tls === undefined) return err(fault("unsupported", "A server of plain HTTP cannot begin to speak TLS"));
    const earlier = current;
    try {
      current = start(tls);
    } catch (thrown) {
      return err(bindFault(thrown));
    }
    void retire(earlier);
    return ok();
  };
  const closeAll = async () => {
    const closed = door.close();
    await Promise.all([...servers].map(retire));
    await closed;
  };
  const cutAll = async () => {
    await Promise.all([...servers].map((server) => server.stop(true)));
    door.cut();
  };
  return {
    port: door.port,
    mostConnections: limits.most,
    changeTls,
    stop: (grace) => stopInTime(clock, grace, closeAll, cutAll),
  };
}

function openDoor(options: Options, first: BunServer, backend: () => number): FrontDoor {
  try {
    const { hostname, port, limits, clock, idleTimeout, tls } = options;
    const speaks = tls === undefined ? "plain" : "tls";
    return openFrontDoor({ hostname, port, limits, backend, speaks, idleTimeout, clock });
  } catch (thrown) {
    void first.stop(true);
    throw thrown;
  }
}
