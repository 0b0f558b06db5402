import type { Command } from "commander";
import type { HttpArgs } from "./http.ts";
import type { Run } from "./program.ts";

type HttpOptions = Omit<HttpArgs, "method" | "uri" | "content">;

/** `tedge http …` (spec/cli-and-config §9.2). */
export function defineHttp(program: Command, run: Run): void {
  const http = program.command("http").description("send HTTP requests to the local services");
  const send = (command: Command, args: HttpArgs) =>
    run(command, async (context) => {
      const { httpCommand } = await import("./http.ts");
      const { httpWorld } = await import("./http-world.ts");
      return httpCommand(context, httpWorld(context, context.output), args);
    });
  defineRequest(http, "GET", "print a resource")
    .option("--accept-type <type>", "media type that is asked for")
    .action((uri: string, options: HttpOptions, command: Command) => send(command, { ...options, method: "GET", uri }));
  defineRequest(http, "DELETE", "remove a resource").action((uri: string, options: HttpOptions, command: Command) =>
    send(command, { ...options, method: "DELETE", uri }),
  );
  for (const [method, description] of WITH_CONTENT) {
    defineRequest(http, method, description)
      .argument("[content]", "what to send; or one of --data and --file")
      .option("--data <data>", "what to send")
      .option("--file <path>", "file to send")
      .option("--content-type <type>", "media type of what is sent")
      .option("--accept-type <type>", "media type that is asked for")
      .action((uri: string, content: string | undefined, options: HttpOptions, command: Command) =>
        send(command, { ...options, method, uri, ...(content === undefined ? {} : { content }) }),
      );
  }
}

const WITH_CONTENT = [
  ["POST", "add to a resource"],
  ["PUT", "put a resource"],
  ["PATCH", "change a resource"],
] as const;

function defineRequest(http: Command, method: HttpArgs["method"], description: string): Command {
  return http
    .command(method.toLowerCase())
    .description(description)
    .argument("<uri>", "path of a local service: /te/… of the agent, /c8y/… of the Cumulocity proxy")
    .option("--profile <profile>", "profile of the cloud that the proxy belongs to");
}
