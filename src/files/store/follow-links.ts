import { readlink } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FaultError, fault, toFault } from "../../base/fault.ts";

const MOST_LINKS = 40;

/**
 * The path that writing to `path` would write to: a symbolic link in the last place is followed, also one whose target does not exist yet.
 * Throws what the operating system says.
 */
export async function followLinks(path: string): Promise<string> {
  let target = path;
  for (let followed = 0; followed <= MOST_LINKS; followed += 1) {
    const link = await linkAt(target);
    if (link === undefined) return target;
    target = resolve(dirname(target), link);
  }
  throw new FaultError(fault("ELOOP", "Too many levels of symbolic links"));
}

async function linkAt(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (thrown) {
    if (NO_LINK.includes(toFault(thrown).code)) return undefined;
    throw thrown;
  }
}

/** No symbolic link, or nothing there. */
const NO_LINK: readonly string[] = ["EINVAL", "ENOENT"];
