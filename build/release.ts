import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeChecksums } from "./checksums.ts";
import { compile } from "./compile.ts";
import { buildDeb, type Effort } from "./deb.ts";
import { thirdPartyLicenses } from "./licenses.ts";
import { buildTarball } from "./tarball.ts";
import { DEBIAN_ARCHITECTURES, OUTPUT, REPOSITORY, type Target } from "./targets.ts";
import { VERSION } from "./version.ts";

/** The files that a release offers for download. */
export const RELEASE = join(OUTPUT, "release");

export interface ReleaseOptions {
  readonly targets: readonly Target[];
  readonly effort: Effort;
  /** Directory for the files; it holds nothing else afterwards. */
  readonly output: string;
  /** Told the path of each file. */
  readonly say: (path: string) => void;
}

/** Builds the executables of the targets, their packages, the licences, the install script and the checksums. */
export async function buildRelease({ targets, effort, output, say }: ReleaseOptions): Promise<void> {
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  for (const target of targets) {
    const { path: executable, sources } = await compile(target);
    say(executable);
    const licenses = await thirdPartyLicenses(sources);
    await writeFile(join(output, "THIRD-PARTY-LICENSES"), licenses);
    const common = { executable, licenses, version: VERSION, output, effort };
    say(await buildTarball({ ...common, target }));
    const architecture = DEBIAN_ARCHITECTURES[target];
    if (architecture !== undefined) say(await buildDeb({ ...common, architecture }));
  }
  await writeInstallScript(join(output, "install.sh"));
  await writeChecksums(output);
}

/** The script knows where its release is when it is built by GitHub; otherwise it asks for it. */
async function writeInstallScript(path: string): Promise<void> {
  const text = await readFile(join(REPOSITORY, "scripts/install.sh"), "utf8");
  const repository = process.env.GITHUB_REPOSITORY;
  const named = repository === undefined ? text : text.replace("@REPOSITORY@", repository);
  await writeFile(path, named, { mode: 0o755 });
}
