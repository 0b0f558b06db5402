import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
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
 * Split into chunks, it starts in half the time, since a command loads only its own. Source maps cost half a megabyte and make the
 * stack traces of a device readable. It must not read `.env` or `bunfig.toml` of whatever directory it is started in.
 */
export async function compile(target: Target, entry = join(REPOSITORY, "src/main.ts")): Promise<Compiled> {
  const path = executablePath(target);
  const workplace = `${path}.${process.pid}.tmp`;
  const unfinished = join(workplace, "tebus");
  const metafile = join(workplace, "meta.json");
  await mkdir(workplace, { recursive: true });
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
      "--splitting",
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
    await rm(workplace, { recursive: true, force: true });
  }
}

async function readSources(metafile: string): Promise<string[]> {
  const meta: unknown = JSON.parse(await readFile(metafile, "utf8"));
  if (typeof meta !== "object" || meta === null || !("inputs" in meta)) throw new Error(`${metafile} has no inputs`);
  return Object.keys(Object(meta.inputs)).map((path) => resolve(REPOSITORY, path));
}
