import { lstat, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Directories that `**` goes down into, so that a loop of mounts ends. */
const DEEPEST = 32;

/**
 * Paths that exist and match a pattern: `*` and `?` within one segment, a leading dot included, `[abc]`, `[a-z]`, `[!a]`, and `**` for any number
 * of directories. Sorted; a directory that cannot be read has nothing. A link is not followed by `**`.
 */
export async function expandGlob(pattern: string): Promise<readonly string[]> {
  const isAbsolute = pattern.startsWith("/");
  const segments = pattern.split("/").filter((segment, index) => segment !== "" || (index === 0 && !isAbsolute));
  const found = await walk(isAbsolute ? "/" : ".", segments);
  return [...new Set(found)].sort();
}

async function walk(directory: string, [segment, ...rest]: readonly string[]): Promise<readonly string[]> {
  if (segment === undefined) return [directory];
  if (segment === "**") {
    const below = await directoriesBelow(directory, DEEPEST);
    const found = await Promise.all(below.map((one) => walk(one, rest.length === 0 ? ["*"] : rest)));
    return found.flat();
  }
  const names = /[*?[]/.test(segment) ? await matching(directory, segmentPattern(segment)) : [segment];
  const found: string[] = [];
  for (const name of names) {
    const path = join(directory, name);
    if (await exists(path)) found.push(...(await walk(path, rest)));
  }
  return found;
}

async function matching(directory: string, pattern: RegExp): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => pattern.test(name));
}

async function directoriesBelow(directory: string, depth: number): Promise<readonly string[]> {
  if (depth === 0) return [directory];
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
  const below = await Promise.all(directories.map((one) => directoriesBelow(one, depth - 1)));
  return [directory, ...below.flat()];
}

async function exists(path: string): Promise<boolean> {
  return (
    (await stat(path)
      .catch(() => lstat(path))
      .catch(() => undefined)) !== undefined
  );
}

function segmentPattern(segment: string): RegExp {
  const source = segment.replaceAll(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (text, not: string | undefined, set?: string) => {
    if (text === "*") return "[^/]*";
    if (text === "?") return "[^/]";
    if (set === undefined || set === "") return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    return `[${not === "!" ? "^" : ""}${set.replaceAll(/[\\^\]]/g, "\\$&")}]`;
  });
  return new RegExp(`^${source}$`);
}
