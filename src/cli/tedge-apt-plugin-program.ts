import type { Command } from "commander";
import type { Run } from "./program.ts";

interface ListOptions {
  readonly name?: string;
  readonly maintainer?: string;
}

interface ModuleOptions {
  readonly moduleVersion?: string;
  readonly file?: string;
}

/** The component `tedge-apt-plugin`, the software plugin `apt` (spec/operations §7.3). */
export function defineAptPlugin(program: Command, run: Run): void {
  const load = () => import("./tedge-apt-plugin.ts");
  program.description("software plugin for Debian packages");
  program
    .command("list")
    .description("print name and version of the packages that are installed")
    .option("-n, --name <regex>", "only packages with such a name, or such a maintainer (default: apt.name)")
    .option("-m, --maintainer <regex>", "only packages of such a maintainer, or such a name (default: apt.maintainer)")
    .action((options: ListOptions, command: Command) =>
      run(command, async (context) => (await load()).aptList(context, options)),
    );
  program
    .command("install")
    .description("install or update a package")
    .argument("<module>", "name of the package")
    .option("-v, --module-version <version>", "a certain version, of the package or of what the file has to be")
    .option("--file <path>", "install this file")
    .action((name: string, { moduleVersion: version, file }: ModuleOptions, command: Command) =>
      run(command, async (context) => (await load()).aptInstallOne(context, { name, version, file })),
    );
  program
    .command("remove")
    .description("remove a package")
    .argument("<module>", "name of the package")
    .option("-v, --module-version <version>", "version that is installed")
    .option("--file <path>", "taken and not used")
    .action((name: string, { moduleVersion: version }: ModuleOptions, command: Command) =>
      run(command, async (context) => (await load()).aptRemoveOne(context, { name, version })),
    );
  program
    .command("update-list")
    .description("install and remove packages at once: lines of action, name, version and path on standard input")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => (await load()).aptUpdateList(context, process.stdin)),
    );
  program
    .command("prepare")
    .description("read what the repositories have")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => (await load()).aptPrepare(context)),
    );
  program
    .command("finalize")
    .description("remove packages that nothing needs any more")
    .action((_options: unknown, command: Command) =>
      run(command, async (context) => (await load()).aptFinalize(context)),
    );
}
