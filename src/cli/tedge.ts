import type { Command } from "commander";
import { defineAcl } from "./acl-program.ts";
import { defineConfig } from "./config-program.ts";
import { defineDemo } from "./demo-program.ts";
import { defineHttp } from "./http-program.ts";
import { defineInit } from "./init-program.ts";
import { defineMqtt } from "./mqtt-program.ts";
import { defineOperation } from "./operation-program.ts";
import type { Run } from "./program.ts";
import { defineService } from "./service-program.ts";
import { defineSignalGroup } from "./signal-group-program.ts";
import { defineToken } from "./token-program.ts";
import { defineWorkflow } from "./workflow-program.ts";

/** What thin-edge has and tebus has not yet; left out of the help. */
const NOT_AVAILABLE = [
  "cert",
  "hsm",
  "connect",
  "disconnect",
  "diag",
  "reconnect",
  "refresh-bridges",
  "upload",
  "flows",
  "mapper",
  "completions",
  "bridge",
];

const RUNNABLE = [
  "tedge-agent",
  "tedge-mapper",
  "all",
  "tedge-apt-plugin",
  "tedge-file-config-plugin",
  "tedge-file-log-plugin",
  "tedge-write",
];

/** The command line `tedge` (spec/cli-and-config §1.1). */
export function defineTedge(program: Command, run: Run): void {
  program.description("The MQTT bus of a piece of equipment, in one executable");
  defineInit(program, run);
  defineConfig(program, run);
  defineMqtt(program, run);
  defineHttp(program, run);
  defineToken(program, run);
  defineAcl(program, run);
  defineOperation(program, run);
  defineWorkflow(program, run);
  defineService(program, run);
  defineDemo(program, run);
  defineSignalGroup(program, run);
  defineRun(program);
  for (const name of NOT_AVAILABLE) defineNotAvailable(program, run, name);
}

/** Components are found before the command line is parsed: what arrives here names none. */
function defineRun(program: Command): void {
  program
    .command("run")
    .description(`run a component: ${RUNNABLE.join(", ")}`)
    .argument("<component>", "what to run, followed by its own arguments")
    .argument("[args...]")
    .allowUnknownOption()
    .action((component: string, _args: string[], _options: unknown, command: Command) =>
      command.error(`error: unknown component '${component}'\n(It is one of ${RUNNABLE.join(", ")})`),
    );
}

function defineNotAvailable(program: Command, run: Run, name: string): void {
  program
    .command(name, { hidden: true })
    .argument("[args...]")
    .allowUnknownOption()
    .action((_args: string[], _options: unknown, command: Command) =>
      run(command, async ({ stderr }) => {
        stderr(`Error: 'tedge ${name}' is not available in this version of tebus\n`);
        return { kind: "done", exit: 1 };
      }),
    );
}
