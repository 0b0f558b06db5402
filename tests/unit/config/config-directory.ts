import { afterEach } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { describeFault } from "../../../src/base/fault.ts";
import type { Config } from "../../../src/config/config.ts";
import type { EditContext } from "../../../src/config/editable-file.ts";
import { loadConfig } from "../../../src/config/load-config.ts";

const made: string[] = [];

/** To be called by each test file, as a hook counts for the file that sets it only. */
export function removeConfigDirectories(): void {
  afterEach(async () => {
    for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
  });
}

/** A configuration directory of its own, gone after the test; owners are left alone, whoever runs the tests. */
export class ConfigDirectory {
  readonly path: string;
  readonly warnings: string[] = [];
  readonly told: string[] = [];

  private constructor(path: string) {
    this.path = path;
  }

  static async make(files: Readonly<Record<string, string>> = {}): Promise<ConfigDirectory> {
    const directory = new ConfigDirectory(await mkdtemp(join(tmpdir(), "tebus-config-")));
    made.push(directory.path);
    await directory.write("system.toml", 'user = ""\n');
    for (const [name, text] of Object.entries(files)) await directory.write(name, text);
    return directory;
  }

  get editing(): EditContext {
    return { directory: this.path, clock: systemClock, tell: (text) => this.told.push(text) };
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async write(name: string, text: string): Promise<void> {
    await mkdir(dirname(this.file(name)), { recursive: true });
    await writeFile(this.file(name), text);
  }

  /** `undefined` when there is no such file. */
  read(name: string): Promise<string | undefined> {
    return readFile(this.file(name), "utf8").catch(() => undefined);
  }

  load(environment: Record<string, string> = {}, overrides: Record<string, string> = {}) {
    const warn = (text: string) => this.warnings.push(text);
    return loadConfig({ directory: this.path, environment, overrides, warn });
  }

  async config(environment: Record<string, string> = {}, overrides: Record<string, string> = {}): Promise<Config> {
    const loaded = await this.load(environment, overrides);
    if (!loaded.ok) throw new Error(describeFault(loaded.fault));
    return loaded.value;
  }

  /** The chain of the fault on one line; throws when the configuration can be loaded. */
  async loadFault(environment: Record<string, string> = {}): Promise<string> {
    const loaded = await this.load(environment);
    if (loaded.ok) throw new Error("The configuration was loaded");
    return describeFault(loaded.fault);
  }
}

/** A `tedge.toml` of the present version, which is not rewritten when it is loaded. */
export function versionTwo(text: string): string {
  return `config.version = "2"\n${text}`;
}
