import { join } from "node:path";
import { FaultError } from "../base/fault.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { download } from "../files/transfer/download.ts";
import { upload } from "../files/transfer/upload.ts";
import { createOperations } from "../operations/engine.ts";
import type { ClientTls } from "../platform/http-client.ts";
import type { AgentContext, AgentPart } from "./agent-part.ts";

/** The operations of the agent's device; `tls` is for what they fetch and send over HTTP. */
export function createAgentOperations(
  context: AgentContext & { readonly agentService: EntityId; readonly tls: ClientTls | undefined },
): AgentPart {
  const { config, host } = context;
  const counts = config.get("logs.max_per_operation");
  const log = host.log("operations");
  const world = { clock: host.clock, random: host.random, log };
  const transfer = { ...world, ...(context.tls === undefined ? {} : { tls: context.tls }) };
  const operations = createOperations({
    schema: context.schema,
    device: context.device,
    agentService: context.agentService,
    directories: {
      workflows: join(config.directory, "operations"),
      state: context.stateDirectory,
      logs: join(config.get("logs.path"), "agent"),
      tmp: config.get("tmp.path"),
    },
    maxLogs: (operation) => counts.get(operation) ?? counts.get("*"),
    publish: context.publish,
    transfer: {
      download: (url, target, signal) => download({ url, target }, { ...transfer, signal }),
      upload: (source, url, signal) => upload({ url, source }, { ...transfer, signal }),
    },
    builtins: [],
    ...world,
    onRestartRequested: () => host.requestProcessRestart("a workflow asked for it"),
  });
  return {
    participants: [operations.participant],
    async open(signal) {
      const opened = await operations.open(signal);
      if (!opened.ok) throw new FaultError(opened.fault);
    },
    ready: () => operations.start(),
    leaveBus: (timeout) => operations.stop(timeout),
  };
}
