import type { Command } from "commander";
import type { Duration } from "../base/duration.ts";
import type { Run } from "./program.ts";
import { durationArgument } from "./typed-argument.ts";

interface CreateOptions {
  readonly expires?: Duration;
  readonly read?: readonly string[];
}

/** `tedge http-token …`: who may use the agent's HTTP server where `http.authz` is `entity`. */
export function defineToken(program: Command, run: Run): void {
  const token = program.command("http-token").description("give and revoke tokens for the HTTP server of the agent");
  token
    .command("create")
    .description("make a token for a client that stands for an entity, and print it; it is shown only this once")
    .argument("<entity>", "topic id of the entity: device/child1, device/child1/service/app")
    .option(
      "--expires <duration>",
      "how long it counts, for instance 90d; without it until it is revoked",
      durationArgument,
    )
    .option("--read <path>", "folder or file of the file store that it may also download; can be repeated", collect)
    .action((entity: string, { expires, read = [] }: CreateOptions, command: Command) =>
      run(command, async (context) => {
        const { tokenCreate } = await import("./token.ts");
        return tokenCreate(context, { entity, read, ...(expires === undefined ? {} : { expires }) });
      }),
    );
  token
    .command("list")
    .description("print the tokens that were given: id, entity, until when they count, what they may also read")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => (await import("./token.ts")).tokenList(context)),
    );
  token
    .command("revoke")
    .description("take tokens back, at once")
    .argument("[id...]", "ids of tokens as `list` prints them")
    .option("--entity <entity>", "all tokens of this entity")
    .action((ids: readonly string[], options: { readonly entity?: string }, command: Command) =>
      run(command, async (context) => (await import("./token.ts")).tokenRevoke(context, { ids, ...options })),
    );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
