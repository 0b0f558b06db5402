import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeChecksums } from "./checksums.ts";
import { compile } from "./compile.ts";
import { buildDeb, type Effort } from "./deb.ts";
import { thirdPartyLicenses } from "./licenses.ts";
import { buildTarball } from "./tarball.ts";
import { DEBIAN_ARCHITECTURES, OUTPUT, type Target } from "./targets.ts";
import { VERSION } from "./version.ts";

/** The files that a release offers for download. */
export const RELEASE = join(OUTPUT, "release");

/** Builds executables, packages, licences and checksums of the targets into `build/out/release`, which holds nothing else afterwards. */
export async function buildRelease(
  targets: readonly Target[],
  effort: Effort,
  say: (line: string) => void,
): Promise<void> {
  await rm(RELEASE, { recursive: true, force: true });
  await mkdir(RELEASE, { recursive: true });
  for (const target of targets) {
    const { path: executable, sources } = await compile(target);
    say(executable);
    const licenses = await thirdPartyLicenses(sources);
    await writeFile(join(RELEASE, "THIRD-PARTY-LICENSES"), licenses);
    const common = { executable, licenses, version: VERSION, output: RELEASE, effort };
    say(await buildTarball({ ...common, target }));
    const architecture = DEBIAN_ARCHITECTURES[target];
    if (architecture !== undefined) say(await buildDeb({ ...common, architecture }));
  }
  await writeChecksums(RELEASE);
}
