import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../base/atomic-file.ts";
import { describeFault, type Fault, fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";

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
  const wanted = (await isDirectory(configured)) ? await tryToWrite(configured) : err(noDirectory(configured));
  if (wanted.ok) return ok(configured);
  const fallback = join(configDirectory, ".agent");
  const writable = await tryToWrite(fallback);
  if (!writable.ok) {
    log.error(`agent.state.path cannot be used: ${describeFault(wanted.fault)}`);
    const hint = "make agent.state.path a directory that the agent can write in";
    return err(fault("no-state-directory", `The agent cannot keep its state: ${hint}`, { cause: writable.fault }));
  }
  log.warn(`The agent's state is kept in ${fallback}, since agent.state.path cannot be used`, wanted.fault);
  return ok(fallback);
}

async function tryToWrite(directory: string): Promise<Result<undefined>> {
  const path = join(directory, TEST_FILE);
  const written = await replaceFile(path, "");
  await rm(path, { force: true }).catch(() => undefined);
  if (written.ok) return written;
  return err(fault(written.fault.code, `Cannot write in ${directory}`, { cause: written.fault.cause }));
}

function noDirectory(path: string): Fault {
  return fault("not-found", `${path} is not a directory`);
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
