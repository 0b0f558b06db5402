import { join } from "node:path";
import { FaultError } from "../base/fault.ts";
import { findRetainedTopics } from "../bus/retained-topics.ts";
import type { Config } from "../config/config.ts";
import { configuredFileOwner } from "../config/file-owner.ts";
import { createFileStore } from "../files/store/disk-file-store.ts";
import type { FileStore } from "../files/store/file-store.ts";
import { createHttpApp } from "../http/app.ts";
import { createHttpServer, type HttpServer } from "../http/http-server.ts";
import { serverTls } from "../security/server-tls.ts";
import { createTwin } from "../twin/keeper.ts";
import { type AgentContext, type AgentPart, requireDirectory } from "./agent-part.ts";

/** What only the agent of the main device does: keep the digital twin of all entities, and serve it and files over HTTP (spec/mqtt-api §2.5). */
export function createMainDevice(context: AgentContext): AgentPart {
  const { config, host } = context;
  const data = config.get("data.path");
  const world = { clock: host.clock, random: host.random, log: host.log("mqtt") };
  const twin = createTwin({
    schema: context.schema,
    statePath: context.stateDirectory,
    autoRegister: config.get("agent.entity_store.auto_register"),
    cleanStart: config.get("agent.entity_store.clean_start"),
    publish: context.publish,
    clock: host.clock,
    log: host.log("twin"),
    lookUp: (filters, signal) => findRetainedTopics({ endpoint: context.endpoint, filters, signal }, world),
  });
  let server: HttpServer | undefined;
  return {
    participants: [twin.participant],
    async open(signal) {
      await requireDirectory(join(data, "cache"));
      const files = await openFiles(join(data, "file-transfer"), context);
      const opened = await twin.open(signal);
      if (!opened.ok) throw new FaultError(opened.fault);
      const app = createHttpApp({ files, twin, log: host.log("http") });
      server = await createServer(config, app, context);
      await server.start(signal);
    },
    async close() {
      await server?.stop();
      await twin.stop();
    },
  };
}

async function openFiles(root: string, { config, host }: AgentContext): Promise<FileStore> {
  const log = host.log("files");
  const tell = (text: string) => log.warn(text);
  const owner = await configuredFileOwner({ directory: config.directory, clock: host.clock, tell });
  const files = createFileStore({ root, log, ...(owner === undefined ? {} : { owner }) });
  const opened = await files.open();
  if (!opened.ok) throw new FaultError(opened.fault);
  return files;
}

async function createServer(
  config: Config,
  app: ReturnType<typeof createHttpApp>,
  { host }: AgentContext,
): Promise<HttpServer> {
  const tls = await serverTls({
    cert: ["http.cert_path", config.get("http.cert_path")],
    key: ["http.key_path", config.get("http.key_path")],
    ca: ["http.ca_path", config.get("http.ca_path")],
  });
  if (!tls.ok) throw new FaultError(tls.fault);
  const bind = { address: config.get("http.bind.address"), port: config.get("http.bind.port") };
  const log = host.log("http");
  return createHttpServer({
    bind,
    ...(tls.value === undefined ? {} : { tls: tls.value }),
    app,
    log,
    clock: host.clock,
  });
}
