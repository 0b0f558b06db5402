import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { exec } from "../../../../src/base/exec.ts";
import { describeFault, type Fault } from "../../../../src/base/fault.ts";
import type { Log } from "../../../../src/base/log.ts";
import { createSudo } from "../../../../src/base/sudo.ts";
import type { PluginTools } from "../../../../src/operations/plugins/plugin-tools.ts";

/** Directories of plugins, each a small shell script, with what it takes to run them. */
export class PluginFolder {
  readonly root = mkdtempSync(join(tmpdir(), "tebus-plugins-"));
  readonly tmp = this.directory("tmp");
  readonly plugins = this.directory("plugins");
  readonly complaints: string[] = [];
  readonly messages: string[] = [];
  readonly log: Log = {
    error: (text: string, fault?: Fault) => this.complain(text, fault),
    warn: (text: string, fault?: Fault) => this.complain(text, fault),
    info: (text: string) => void this.messages.push(text),
    debug() {},
    trace() {},
  };

  directory(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** Writes an executable script and gives its path. */
  add(name: string, script: string, directory = this.plugins): string {
    const path = join(directory, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Without sudo. */
  tools(change: Partial<PluginTools> = {}): PluginTools {
    const sudo = createSudo({ enabled: false, path: process.env.PATH });
    return { tmp: this.tmp, sudo, clock: systemClock, exec, log: this.log, ...change };
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  private complain(text: string, fault: Fault | undefined): void {
    this.complaints.push(fault === undefined ? text : `${text}: ${describeFault(fault)}`);
  }
}
