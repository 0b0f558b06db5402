import { join } from "node:path";
import { FaultError } from "../base/fault.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { removeLeftPartials } from "../files/transfer/partial-file.ts";
import { serviceScope } from "../operations/command-scope.ts";
import { createOperations } from "../operations/engine.ts";
import { deviceProfileSteps } from "../operations/profile/twin-update.ts";
import { createAgentConfiguration, disabledOperations, installAgentDefaults } from "./agent-configuration.ts";
import { createAgentLogs } from "./agent-logs.ts";
import type { AgentContext, AgentPart } from "./agent-part.ts";
import { createAgentRestart } from "./agent-restart.ts";
import { createAgentServiceCommands } from "./agent-service-commands.ts";
import { createAgentSoftware } from "./agent-software.ts";
import { createPluginTools } from "./plugin-tools.ts";
import { createTransfer } from "./transfer.ts";

/** The operations of the agent's device. */
export function createAgentOperations(context: AgentContext & { readonly agentService: EntityId }): AgentPart {
  const { config, host } = context;
  const counts = config.get("logs.max_per_operation");
  const log = host.log("operations");
  const world = { clock: host.clock, random: host.random, log };
  const transfer = createTransfer(config, world);
  const tools = createPluginTools(config, host);
  const stopping = new AbortController();
  const restartAgent = () => host.requestProcessRestart("an operation asked for it");
  const common = {
    schema: context.schema,
    device: context.device,
    agentService: context.agentService,
    directories: {
      workflows: join(config.directory, "operations"),
      state: context.stateDirectory,
      logs: join(config.get("logs.path"), "agent"),
      tmp: config.get("tmp.path"),
    },
    maxLogs: (operation: string) => counts.get(operation) ?? counts.get("*"),
    publish: context.publish,
    transfer,
    ...world,
    onRestartRequested: restartAgent,
  };
  const operations = createOperations({
    ...common,
    builtins: [
      ...createAgentSoftware({ agent: context, tools, transfer, signal: stopping.signal }),
      ...createAgentConfiguration({ agent: context, tools, transfer }),
      createAgentLogs({ agent: context, tools, transfer }),
      createAgentRestart(context, tools),
    ],
    disabled: disabledOperations(context),
    workflowSteps: new Map([["device_profile", deviceProfileSteps(context.schema, context.publish)]]),
  });
  const services = createOperations({
    ...common,
    scope: serviceScope(context.device, context.agentService),
    builtins: createAgentServiceCommands(context, tools, restartAgent),
  });
  const both = [operations, services];
  return {
    participants: both.map(({ participant }) => participant),
    async open(signal) {
      await removeLeftPartials(config.get("tmp.path"), host.clock);
      await installAgentDefaults(context);
      for (const each of both) {
        const opened = await each.open(signal);
        if (!opened.ok) throw new FaultError(opened.fault);
      }
    },
    ready() {
      for (const each of both) each.start();
    },
    async leaveBus(timeout) {
      stopping.abort();
      await Promise.all(both.map((each) => each.stop(timeout)));
    },
  };
}
