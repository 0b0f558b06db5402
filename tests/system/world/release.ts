import { join } from "node:path";
import { buildRelease } from "../../../build/release.ts";
import { hostTarget, OUTPUT } from "../../../build/targets.ts";

let building: Promise<string> | undefined;

/** Directory with the files of a release for this machine (package, tarball, `install.sh`, SHA256SUMS), lightly compressed. */
export function hostRelease(): Promise<string> {
  building ??= build();
  return building;
}

async function build(): Promise<string> {
  const output = join(OUTPUT, "test-release");
  await buildRelease({ targets: [hostTarget()], effort: "quick", output, say: () => undefined });
  return output;
}
