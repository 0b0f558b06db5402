import { existsSync } from "node:fs";
import { join } from "node:path";

/** Machines that there is an executable for, as in the names of the release's files. */
export const TARGETS = ["linux-x64", "linux-x64-musl", "linux-arm64", "linux-arm64-musl"] as const;
export type Target = (typeof TARGETS)[number];

/** What `bun build --compile --target` calls them; `baseline` runs on x64 without AVX2 too. The runtimes come as npm packages. */
export const RUNTIMES: Readonly<Record<Target, string>> = {
  "linux-x64": "bun-linux-x64-baseline",
  "linux-x64-musl": "bun-linux-x64-musl-baseline",
  "linux-arm64": "bun-linux-arm64",
  "linux-arm64-musl": "bun-linux-arm64-musl",
};

/** Debian's name of the machine; only for the targets that there is a `.deb` of. */
export const DEBIAN_ARCHITECTURES: Readonly<Partial<Record<Target, string>>> = {
  "linux-x64": "amd64",
  "linux-arm64": "arm64",
};

/** Root of the repository. */
export const REPOSITORY = join(import.meta.dir, "..");

/** Everything that is built goes below; git ignores it. */
export const OUTPUT = join(REPOSITORY, "build/out");

/** Where the executable of a target is put. */
export function executablePath(target: Target): string {
  return join(OUTPUT, target, "tebus");
}

/** The target that runs on this machine. Throws on a machine that there is none for. */
export function hostTarget(): Target {
  const libc = ["x64", "arm64"].some((name) => existsSync(`/lib/ld-musl-${MUSL_NAMES[name]}.so.1`)) ? "-musl" : "";
  const wanted = `${process.platform}-${process.arch}${libc}`;
  const target = TARGETS.find((known) => known === wanted);
  if (target === undefined) throw new Error(`There is no executable for ${wanted}, only for ${TARGETS.join(", ")}`);
  return target;
}

/** `host`, `all` or the name of a target. Throws on anything else. */
export function parseTargets(word: string): readonly Target[] {
  if (word === "all") return TARGETS;
  if (word === "host") return [hostTarget()];
  const target = TARGETS.find((known) => known === word);
  if (target === undefined) throw new Error(`Unknown target ${word}: host, all, ${TARGETS.join(", ")}`);
  return [target];
}

const MUSL_NAMES: Readonly<Record<string, string>> = { x64: "x86_64", arm64: "aarch64" };
