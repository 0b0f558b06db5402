import type { Command } from "commander";
import type { Run } from "./program.ts";

/** `tedge workflow …`: tools for whoever writes workflow definitions. */
export function defineWorkflow(program: Command, run: Run): void {
  const workflow = program.command("workflow").description("check and try out workflow definitions");
  workflow
    .command("validate")
    .description("tell every mistake in definition files, and what in them has no effect; exit 1 if one is refused")
    .argument("<file...>", "workflow definitions (TOML)")
    .option("--json", "print the findings as JSON")
    .action((files: readonly string[], options: { readonly json?: boolean }, command: Command) =>
      run(command, async (context) => {
        const { workflowValidate } = await import("./workflow-validate.ts");
        return workflowValidate(context, { files, json: options.json ?? false });
      }),
    );
}
