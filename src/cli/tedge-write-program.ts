import type { Command } from "commander";
import type { Run } from "./program.ts";
import type { Ownership } from "./tedge-write.ts";

interface WriteOptions extends Ownership {
  readonly createDirsOnly?: boolean;
  readonly parentMode?: string;
  readonly parentUser?: string;
  readonly parentGroup?: string;
}

/** The component `tedge-write` (spec/cli-and-config §10.2). */
export function defineTedgeWrite(program: Command, run: Run): void {
  program
    .description("copy standard input to a file atomically; meant to be run by sudo")
    .argument("<destination>", "absolute path of the file")
    .option("--mode <mode>", "octal permissions of a new file")
    .option("--user <user>", "owner of a new file")
    .option("--group <group>", "group of a new file")
    .option("--create-dirs-only", "read nothing, create the destination as a directory")
    .option("--parent-mode <mode>", "octal permissions of a directory that is created")
    .option("--parent-user <user>", "owner of a directory that is created")
    .option("--parent-group <group>", "group of a directory that is created")
    .action((destination: string, options: WriteOptions, command: Command) =>
      run(command, async ({ clock, signal }) => {
        const { tedgeWrite } = await import("./tedge-write.ts");
        const { createDirsOnly = false, parentMode, parentUser, parentGroup, ...file } = options;
        const parent = {
          ...(parentMode === undefined ? {} : { mode: parentMode }),
          ...(parentUser === undefined ? {} : { user: parentUser }),
          ...(parentGroup === undefined ? {} : { group: parentGroup }),
        };
        const interrupt = () => process.stdin.destroy(new Error("Interrupted"));
        signal.addEventListener("abort", interrupt, { once: true });
        return tedgeWrite({ clock, stdin: process.stdin }, { destination, createDirsOnly, file, parent });
      }),
    );
}
