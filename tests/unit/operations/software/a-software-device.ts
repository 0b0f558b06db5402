import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { exec } from "../../../../src/base/exec.ts";
import { createSudo } from "../../../../src/base/sudo.ts";
import { realDisk } from "../../../../src/operations/disk.ts";
import { createSoftware } from "../../../../src/operations/software/software.ts";
import type { SoftwareSettings } from "../../../../src/operations/software/software-settings.ts";
import { Device } from "../a-device.ts";
import { PluginFolder } from "../plugins/plugin-folder.ts";

/** A device whose software is managed by small shell scripts. */
export class SoftwareDevice extends Device {
  readonly folder = new PluginFolder();
  readonly plugins = this.folder.plugins;
  settings: SoftwareSettings = { maxPackages: 1_000 };
  executed = 0;
  private readonly callsPath = join(this.folder.root, "calls");

  /** Builds the operations anew, as a start of the agent does. */
  override async start() {
    mkdirSync(this.directories.tmp, { recursive: true });
    this.builtins = createSoftware({
      directory: this.plugins,
      statePath: join(this.directories.state, "software-current-operation"),
      tools: {
        tmp: this.directories.tmp,
        sudo: createSudo({ enabled: false, path: undefined }),
        clock: systemClock,
        exec,
        log: this.folder.log,
      },
      disk: realDisk,
      transfer: this.transfer,
      settings: async () => this.settings,
      onExecuted: () => {
        this.executed += 1;
      },
    });
    return super.start();
  }

  /** A plugin that writes down each call but `list`, with its standard input; `cases` are branches of `case "$1" in`. */
  plugin(name: string, cases = ""): string {
    return this.folder.add(
      name,
      `[ "$1" = list ] || echo "${name} $*" >>${this.callsPath}
case "$1" in
${cases}
list) printf 'zlib\\t1.2\\nplain\\n' ;;
update-list) sed 's/\\t/|/g' >>${this.callsPath} ;;
esac`,
    );
  }

  get calls(): string[] {
    try {
      return readFileSync(this.callsPath, "utf8").trimEnd().split("\n");
    } catch {
      return [];
    }
  }

  currentOperation(): string {
    return readFileSync(join(this.directories.state, "software-current-operation"), "utf8");
  }

  get capability() {
    return (operation: string) => this.retained.get(dirname(this.topic(operation, "x")));
  }

  override async dispose(): Promise<void> {
    await super.dispose();
    this.folder.dispose();
  }
}
