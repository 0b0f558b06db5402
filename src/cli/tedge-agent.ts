import type { Command } from "commander";
import type { Run } from "./program.ts";

interface AgentOptions {
  readonly mqttDeviceTopicId?: string;
  readonly mqttTopicRoot?: string;
}

/** The component `tedge-agent` (spec/cli-and-config §12.3). */
export function defineTedgeAgent(program: Command, run: Run): void {
  program
    .description("run the agent: digital twin, files, operations")
    .option("--mqtt-device-topic-id <topic-id>", "device that the agent stands for, instead of mqtt.device_topic_id")
    .option("--mqtt-topic-root <root>", "root of the topics, instead of mqtt.topic_root")
    .action((options: AgentOptions, command: Command) =>
      run(command, async (context) => {
        const { agentService } = await import("../services/agent.ts");
        const { runServices } = await import("./run-services.ts");
        return runServices(context, [{ service: agentService(options), mapper: false }], true);
      }),
    );
}
