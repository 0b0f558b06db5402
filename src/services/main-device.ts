import { join } from "node:path";
import { FaultError } from "../base/fault.ts";
import type { Unit } from "../base/unit.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { type Message, payloadText } from "../bus/message.ts";
import { parseHealth } from "../bus/payload/health.ts";
import { readRetained } from "../bus/read-retained.ts";
import { configuredFileOwner } from "../config/file-owner.ts";
import { createChangeFeed } from "../feed/change-feed.ts";
import { createFileStore } from "../files/store/disk-file-store.ts";
import type { FileStore } from "../files/store/file-store.ts";
import { createHttpApp } from "../http/app.ts";
import type { DescriptionOptions } from "../http/description/description-routes.ts";
import { realDisk } from "../operations/disk.ts";
import { createHistory } from "../operations/history/history.ts";
import { releaseMemory } from "../platform/release-memory.ts";
import { createTwin } from "../twin/keeper.ts";
import type { RetainedSource } from "../twin/retained-source.ts";
import { createAgentChildFiles } from "./agent-child-files.ts";
import { createAgentHttpServer } from "./agent-http-server.ts";
import { type AgentContext, type AgentPart, requireDirectory } from "./agent-part.ts";
import { type GuardedApp, guardApp } from "./agent-tokens.ts";

interface MainDeviceContext extends AgentContext {
  readonly agentService: EntityId;
}

/** What only the agent of the main device does: keep the digital twin of all entities, and serve it and files over HTTP (spec/mqtt-api §2.5). */
export function createMainDevice(context: MainDeviceContext): AgentPart {
  const { config, host } = context;
  const data = config.get("data.path");
  const world = { clock: host.clock, random: host.random, log: host.log("mqtt") };
  const readFromBroker: RetainedSource = (filters, onMessage, signal) =>
    readRetained({ endpoint: context.endpoint, filters, onMessage, signal }, world);
  const twin = createTwin({
    schema: context.schema,
    statePath: context.stateDirectory,
    autoRegister: config.get("agent.entity_store.auto_register"),
    cleanStart: config.get("agent.entity_store.clean_start"),
    publish: context.publish,
    clock: host.clock,
    random: host.random,
    log: host.log("twin"),
    readRetained: readFromBroker,
    isBirth: ownBirth(context),
    releaseMemory,
  });
  const feed = createChangeFeed({
    schema: context.schema,
    twin,
    readRetained: readFromBroker,
    history: { events: config.get("http.events.history_count"), bytes: config.get("http.events.history_bytes") },
    readers: config.get("http.events.max_streams"),
    clock: host.clock,
    random: host.random,
  });
  const childFiles = createAgentChildFiles({ agent: context, readRetained: readFromBroker });
  const history = createHistory({
    schema: context.schema,
    path: join(context.stateDirectory, "operation-history.jsonl"),
    disk: realDisk,
    now: () => host.clock.now(),
    log: host.log("operations"),
  });
  let guarded: GuardedApp | undefined;
  let server: Unit | undefined;
  const closing = new AbortController();
  let tending: Promise<void> | undefined;
  return {
    participants: [childFiles.participant, twin.participant, feed.participant, history.participant],
    async open(signal) {
      await requireDirectory(join(data, "cache"));
      const files = await openFiles(join(data, "file-transfer"), context);
      const taken = await childFiles.open(files);
      if (!taken.ok) throw new FaultError(taken.fault);
      tending = files.tend(closing.signal);
      const opened = await twin.open(signal);
      if (!opened.ok) throw new FaultError(opened.fault);
      await history.open();
      feed.start();
      const app = createHttpApp({
        files,
        twin,
        log: host.log("http"),
        operations: history,
        events: { feed, clock: host.clock },
        description: descriptionOf(context),
      });
      guarded = await guardApp(app, { config, host, twin, storeRoot: join(data, "file-transfer") });
      server = createAgentHttpServer({ config, host, app: guarded.app });
      await server.start(signal);
    },
    async leaveBus(timeout) {
      feed.end();
      await childFiles.stop(timeout);
    },
    async close() {
      // When the bus was never joined.
      feed.end();
      await server?.stop();
      closing.abort();
      await tending;
      guarded?.close();
      await history.flushed();
      await twin.stop();
    },
  };
}

/** Selects the word of this process that it is up, which is the first on each connection. */
function ownBirth({ schema, agentService }: MainDeviceContext): (message: Message) => boolean {
  const topic = schema.topic(agentService, { kind: "status", component: "health" });
  return (message) => {
    if (message.topic !== topic) return false;
    const { status, pid } = parseHealth(agentService, payloadText(message));
    return status === "up" && pid === process.pid;
  };
}

function descriptionOf({ config, schema, endpoint: { host, port, tls } }: AgentContext): DescriptionOptions {
  const bus = { root: schema.root, broker: { host, port, isEncrypted: tls !== undefined } };
  return { bus, needsToken: config.get("http.authz") !== "none" };
}

async function openFiles(root: string, { config, host }: AgentContext): Promise<FileStore> {
  const log = host.log("files");
  const tell = (text: string) => log.warn(text);
  const owner = await configuredFileOwner({ directory: config.directory, clock: host.clock, tell });
  const expireAfter = config.get("files.expire_after").milliseconds;
  const files = createFileStore({
    root,
    limit: config.get("files.max_total"),
    ...(owner === undefined ? {} : { owner }),
    ...(expireAfter === undefined ? {} : { expireAfter }),
    log,
    clock: host.clock,
  });
  const opened = await files.open();
  if (!opened.ok) throw new FaultError(opened.fault);
  return files;
}
