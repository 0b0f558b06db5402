import { hostname } from "node:os";
import { FaultError } from "../base/fault.ts";
import type { Unit } from "../base/unit.ts";
import type { Config } from "../config/config.ts";
import { hostPolicy } from "../http/guard/host-policy.ts";
import { refuseForeign } from "../http/guard/refuse-foreign.ts";
import { createHttpServer } from "../http/http-server.ts";
import type { HttpApp } from "../http/routed-app.ts";
import { type ServerTls, type ServerTlsSettings, serverTls } from "../security/server-tls.ts";
import { watchServerTls } from "../security/server-tls-watch.ts";
import type { ServiceHost } from "./service.ts";

export interface AgentHttpServerOptions {
  readonly config: Config;
  readonly host: ServiceHost;
  readonly app: HttpApp;
}

/** The listener of the agent's HTTP server as the configuration has it: address, TLS that follows its files, limits, and whom it refuses. */
export function createAgentHttpServer({ config, host, app }: AgentHttpServerOptions): Unit {
  const log = host.log("http");
  const { clock } = host;
  const settings: ServerTlsSettings = {
    cert: ["http.cert_path", config.get("http.cert_path")],
    key: ["http.key_path", config.get("http.key_path")],
    ca: ["http.ca_path", config.get("http.ca_path")],
  };
  const bind = { address: config.get("http.bind.address"), port: config.get("http.bind.port") };

  const serverWith = (tls: ServerTls | undefined) => {
    const policy = hostPolicy({
      bindAddress: bind.address,
      tls: tls !== undefined,
      clientHost: config.get("http.client.host"),
      allowedHosts: config.get("http.allowed_hosts"),
      machineName: hostname(),
    });
    return createHttpServer({
      bind,
      ...(tls === undefined ? {} : { tls }),
      limits: {
        most: config.get("http.max_connections"),
        mostPerClient: config.get("http.max_connections_per_client"),
      },
      app: refuseForeign(app, policy, log),
      log,
      clock,
    });
  };

  let running: { stop(): Promise<void> } | undefined;
  return {
    name: "http",
    async start(signal) {
      const tls = await serverTls(settings);
      if (!tls.ok) throw new FaultError(tls.fault);
      const server = serverWith(tls.value);
      running = server;
      await server.start(signal);
      if (tls.value === undefined) return;
      const use = (changed: ServerTls) => server.changeTls(changed);
      const watch = watchServerTls({ settings, inUse: tls.value, use, clock, log });
      running = {
        async stop() {
          await watch.stop();
          await server.stop();
        },
      };
    },
    async stop() {
      await running?.stop();
    },
  };
}
