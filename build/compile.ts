import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { run } from "./run.ts";
import { executablePath, REPOSITORY, RUNTIMES, type Target } from "./targets.ts";

/** What a compilation made. */
export interface Compiled {
  readonly path: string;
  /** Every file that went into the executable, absolute. */
  readonly sources: readonly string[];
}

/**
 * Compiles `src/main.ts` for a target into `build/out/<target>/tebus`. It appears whole or not at all.
 * The executable must not read `.env` or `bunfig.toml` of whatever directory it is started in. Source maps cost half a megabyte and
 * make the stack traces of a device readable.
 */
export async function compile(target: Target, entry = join(REPOSITORY, "src/main.ts")): Promise<Compiled> {
  const path = executablePath(target);
  const unfinished = `${path}.${process.pid}.tmp`;
  const metafile = `${unfinished}.json`;
  await mkdir(dirname(path), { recursive: true });
  try {
    await run([
      process.execPath,
      "build",
      entry,
      "--compile",
      `--target=${RUNTIMES[target]}`,
      "--format=esm",
      "--minify",
      "--bytecode",
      "--sourcemap=linked",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      `--metafile=${metafile}`,
      `--outfile=${unfinished}`,
    ]);
    const sources = await readSources(metafile);
    await rename(unfinished, path);
    return { path, sources };
  } finally {
    for (const leftover of [unfinished, `${unfinished}.map`, metafile]) await rm(leftover, { force: true });
  }
}

async function readSources(metafile: string): Promise<string[]> {
  const meta: unknown = JSON.parse(await readFile(metafile, "utf8"));
  if (typeof meta !== "object" || meta === null || !("inputs" in meta)) throw new Error(`${metafile} has no inputs`);
  return Object.keys(Object(meta.inputs)).map((path) => resolve(REPOSITORY, path));
}
