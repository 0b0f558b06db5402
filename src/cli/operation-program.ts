import { type Command, InvalidArgumentError } from "commander";
import type { Duration } from "../base/duration.ts";
import type { JsonObject } from "../base/json.ts";
import type { EntityId } from "../bus/entity-id.ts";
import { deviceArgument } from "./command-bus.ts";
import { jsonObjectArgument } from "./json-argument.ts";
import type { Run } from "./program.ts";
import { connectionTimeoutOption, durationArgument } from "./typed-argument.ts";

interface ListOptions {
  readonly device?: EntityId;
  readonly operation?: string;
  readonly json?: boolean;
  readonly connectionTimeout: Duration;
}

interface RunOptions {
  readonly device?: EntityId;
  readonly input: JsonObject;
  readonly id?: string;
  readonly follow?: boolean;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly timeout?: Duration;
  readonly connectionTimeout: Duration;
}

/** `tedge operation …`: the commands on the local bus. */
export function defineOperation(program: Command, run: Run): void {
  const operation = program.command("operation").description("run operations, and look at those on the local bus");
  defineList(operation, run);
  defineShow(operation, run);
  defineRunning(operation, run);
  defineCancel(operation, run);
}

function defineList(operation: Command, run: Run): void {
  operation
    .command("list")
    .description("print the commands on the bus: device, operation, id, state, age")
    .option("--device <device>", "only those of this device: child1, or a topic id", device)
    .option("--operation <operation>", "only those of this operation")
    .option("--json", "print them as JSON")
    .addOption(connectionTimeoutOption())
    .action(({ json = false, ...options }: ListOptions, command: Command) =>
      run(command, async (context) => {
        const { operationList } = await import("./operation-list.ts");
        const { localCommandBus } = await import("./command-bus.ts");
        return operationList(context, () => localCommandBus(context), { ...options, json });
      }),
    );
}

function defineShow(operation: Command, run: Run): void {
  operation
    .command("show")
    .description("print a command: its payload, the time it spent in each state, its log")
    .argument("<command>", "id or topic of the command")
    .option("--json", "print it as JSON")
    .addOption(connectionTimeoutOption())
    .action((shown: string, { json = false, ...options }: ListOptions, command: Command) =>
      run(command, async (context) => {
        const { operationShow } = await import("./operation-show.ts");
        const { localCommandBus } = await import("./command-bus.ts");
        return operationShow(context, () => localCommandBus(context), { ...options, command: shown, json });
      }),
    );
}

function defineRunning(operation: Command, run: Run): void {
  operation
    .command("run")
    .description("ask for an operation and wait for its end; exit 0: successful, 3: failed, 4: not ended in time")
    .argument("<operation>", "operation, for instance software_list")
    .option(
      "--device <device>",
      "device that executes it: child1, or a topic id (default: mqtt.device_topic_id)",
      device,
    )
    .option("--input <json>", "what the request holds, as a JSON object or @<file>", jsonObjectArgument, {})
    .option("--id <id>", "id of the command (default: made from the time)")
    .option("-f, --follow", "tell every state on standard error as it comes")
    .option("--timeout <duration>", "give up, and cancel it, after so long", durationArgument)
    .option("--keep", "leave the command on the bus, also when interrupted or out of time")
    .option("--json", "print the final payload in one line")
    .addOption(connectionTimeoutOption())
    .action((name: string, options: RunOptions, command: Command) =>
      run(command, async (context) => {
        const { operationRun } = await import("./operation-run.ts");
        const { localCommandBus } = await import("./command-bus.ts");
        const { follow = false, keep = false, json = false, ...rest } = options;
        return operationRun(context, () => localCommandBus(context), { ...rest, operation: name, follow, keep, json });
      }),
    );
}

function defineCancel(operation: Command, run: Run): void {
  operation
    .command("cancel")
    .description("take a command back: its agent ends what runs for it")
    .argument("<command>", "id or topic of the command")
    .addOption(connectionTimeoutOption())
    .action((cancelled: string, options: ListOptions, command: Command) =>
      run(command, async (context) => {
        const { operationCancel } = await import("./operation-cancel.ts");
        const { localCommandBus } = await import("./command-bus.ts");
        const { connectionTimeout } = options;
        return operationCancel(context, () => localCommandBus(context), { command: cancelled, connectionTimeout });
      }),
    );
}

function device(text: string): EntityId {
  const parsed = deviceArgument(text);
  if (!parsed.ok) throw new InvalidArgumentError(parsed.fault.message);
  return parsed.value;
}
