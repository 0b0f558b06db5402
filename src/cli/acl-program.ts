import { type Command, Option } from "commander";
import type { AclArgs } from "./acl.ts";
import type { Run } from "./program.ts";

interface AclOptions {
  readonly names: AclArgs["names"];
  readonly agent?: string;
  readonly mapper?: string;
  readonly child?: readonly string[];
  readonly anyChild?: boolean;
  readonly sensor?: readonly string[];
  readonly operator?: readonly string[];
  readonly output?: string;
}

/** `tedge acl …`: access control of brokers. */
export function defineAcl(program: Command, run: Run): void {
  const acl = program.command("acl").description("make the access control of an MQTT broker");
  acl
    .command("mosquitto")
    .description("print an acl_file of mosquitto that gives each client on the bus the least rights that it needs")
    .addOption(
      new Option("--names <kind>", "how the broker knows clients: by user name, or by the common name of certificates")
        .choices(["user", "certificate"])
        .default("user"),
    )
    .option("--agent <name>", "name of this gateway's agent, and of all that uses its configuration")
    .option("--mapper <name>", "name of the mappers, where they have another than the agent")
    .option("--child <entity[=name]>", "a child device, instead of all that are registered; can be repeated", collect)
    .option("--any-child", "one set of rules for all child devices, whose names are those of their entities")
    .option("--sensor <name=entity>", "a client that only publishes for an entity; can be repeated", collect)
    .option("--operator <name>", "a client that sees everything and asks for operations; can be repeated", collect)
    .option("--output <file>", "write this file instead, readable for mosquitto only")
    .action((options: AclOptions, command: Command) =>
      run(command, async (context) => {
        const { aclMosquitto } = await import("./acl.ts");
        const { child, sensor = [], operator = [], anyChild = false, ...rest } = options;
        return aclMosquitto(context, {
          ...rest,
          ...(child === undefined ? {} : { children: child }),
          sensors: sensor,
          operators: operator,
          anyChild,
        });
      }),
    );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
