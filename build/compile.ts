import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { executablePath, REPOSITORY, RUNTIMES, type Target } from "./targets.ts";

/**
 * Compiles `src/main.ts` for a target into `build/out/<target>/tebus` and returns the path. It appears whole or not at all.
 * The executable must not read `.env` or `bunfig.toml` of whatever directory it is started in.
 */
export async function compile(target: Target, entry = join(REPOSITORY, "src/main.ts")): Promise<string> {
  const path = executablePath(target);
  const unfinished = `${path}.${process.pid}.tmp`;
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
      "--sourcemap=none",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      `--outfile=${unfinished}`,
    ]);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

async function run(command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { cwd: REPOSITORY, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.slice(1, 3).join(" ")} failed:\n${stdout}${stderr}`);
}
