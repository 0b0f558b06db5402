import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of a test's own. `await using` removes it, or call `remove` in an `afterEach`. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

/** Makes an empty directory `<base>/tebus-<name>-XXXXXX`. Short, because a Unix socket's path may have 107 bytes at most. */
export async function tempDir(name: string, base = tmpdir()): Promise<TempDir> {
  const path = await mkdtemp(join(base, `tebus-${name}-`));
  const remove = () => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
