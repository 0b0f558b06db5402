import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Effort } from "./deb.ts";
import { layOutPackage } from "./package-tree.ts";
import { run } from "./run.ts";
import type { Target } from "./targets.ts";

export interface TarballOptions {
  readonly executable: string;
  readonly licenses: string;
  readonly version: string;
  readonly target: Target;
  /** Directory that the file is put into. */
  readonly output: string;
  readonly effort: Effort;
}

/** Makes `tebus_<version>_<target>.tar.gz`, whose `usr/` goes to `/usr`, and returns its path. */
export async function buildTarball(options: TarballOptions): Promise<string> {
  const { executable, licenses, version, target, output, effort } = options;
  const root = await mkdtemp(join(tmpdir(), "tebus-tar-"));
  try {
    await layOutPackage({ root, executable, licenses, systemdDirectory: "usr/share/tebus/init/systemd" });
    const path = join(output, `tebus_${version}_${target}.tar.gz`);
    await mkdir(output, { recursive: true });
    const gzip = effort === "small" ? "gzip -9n" : "gzip -1n";
    const ownership = ["--owner=root:0", "--group=root:0", "--sort=name"];
    await run([
      "tar",
      "--create",
      `--use-compress-program=${gzip}`,
      ...ownership,
      `--file=${path}`,
      `--directory=${root}`,
      "usr",
    ]);
    return path;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
