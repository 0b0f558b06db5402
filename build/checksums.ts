import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes `SHA256SUMS` for all other files of a directory, as `sha256sum --check` reads it. */
export async function writeChecksums(directory: string): Promise<void> {
  const files = (await readdir(directory)).filter((file) => file !== "SHA256SUMS").sort();
  const lines = await Promise.all(files.map(async (file) => `${await sha256(join(directory, file))}  ${file}\n`));
  await writeFile(join(directory, "SHA256SUMS"), lines.join(""));
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}
