import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../base/atomic-file.ts";
import type { Log } from "../base/log.ts";
import { ok, type Result } from "../base/result.ts";

const TEST_FILE = ".--test--";

/**
 * Where the agent keeps its state: `agent.state.path` when it exists and can be written, else `<config directory>/.agent`, with a warning
 * (spec/mqtt-api §12). A fault when neither can be written: an agent that cannot keep what it accepts must not accept anything.
 */
export async function chooseStateDirectory(
  configured: string,
  configDirectory: string,
  log: Log,
): Promise<Result<string>> {
  if (await isDirectory(configured)) {
    const writable = await tryToWrite(configured);
    if (writable.ok) return ok(configured);
    log.warn(`Cannot write in agent.state.path ${configured}`, writable.fault);
  }
  const fallback = join(configDirectory, ".agent");
  const writable = await tryToWrite(fallback);
  if (!writable.ok) return writable;
  log.warn(`The agent's state is kept in ${fallback}, since agent.state.path ${configured} cannot be used`);
  return ok(fallback);
}

async function tryToWrite(directory: string): Promise<Result<undefined>> {
  const path = join(directory, TEST_FILE);
  const written = await replaceFile(path, "");
  await rm(path, { force: true }).catch(() => undefined);
  return written;
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
