import { statfs } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import type { SizeLimit } from "../config/types/size-limit-type.ts";
import { createDownloadCache } from "../files/cache/download-cache.ts";
import { download } from "../files/transfer/download.ts";
import { type ChildFiles, createChildFiles } from "../operations/child-files/child-files.ts";
import { tokenHeaders } from "../security/token-header.ts";
import type { RetainedSource } from "../twin/retained-source.ts";
import type { AgentContext } from "./agent-part.ts";
import { httpClientSettings } from "./http-client.ts";

export interface ChildFilesContext {
  readonly agent: AgentContext;
  readonly readRetained: RetainedSource;
}

/** Files for child devices, as the configuration wants them (spec/operations §10). */
export function createAgentChildFiles({ agent, readRetained }: ChildFilesContext): ChildFiles {
  const { config, host, schema, publish } = agent;
  const log = host.log("child_files");
  const world = { clock: host.clock, random: host.random, log };
  const credentials = tokenHeaders(config);
  const directory = join(config.get("data.path"), "cache");
  return createChildFiles({
    schema,
    stateDirectory: join(agent.stateDirectory, "child-files"),
    mode: config.get("agent.child_files.fetch"),
    timeout: config.get("agent.child_files.timeout").milliseconds,
    fileServer: {
      https: config.get("http.cert_path") !== undefined,
      host: config.get("http.client.host"),
      port: config.get("http.client.port"),
    },
    networks: () =>
      Object.values(networkInterfaces()).flatMap((addresses) => addresses?.flatMap(({ cidr }) => cidr ?? []) ?? []),
    cache: createDownloadCache({
      directory,
      limit: () => bytesOf(config.get("agent.child_files.cache_size"), directory),
      async download(request, signal) {
        const http = await httpClientSettings(config);
        return http.ok ? await download(request, { ...world, signal, http: http.value, credentials }) : http;
      },
      clock: host.clock,
      log,
    }),
    readRetained,
    publish,
    clock: host.clock,
    log,
  });
}

async function bytesOf(limit: SizeLimit, directory: string): Promise<number> {
  if (limit.kind === "bytes") return limit.bytes;
  const { bsize, blocks } = await statfs(directory);
  return Math.floor(bsize * blocks * limit.share);
}
