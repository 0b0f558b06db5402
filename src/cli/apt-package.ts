import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type AptWorld, fieldsFormat, runQuietly } from "./apt-get.ts";

/** A package file as apt takes it. */
export interface AptPackage {
  /** Absolute path that ends in `.deb`. */
  readonly path: string;
  /** Removes the link that it may be. */
  release(): Promise<void>;
}

/** What a package has to be. */
export interface Expected {
  readonly name: string;
  readonly version?: string | undefined;
}

export type PackageFault = Fault<"not-launched" | "not-a-package" | "mismatch" | "io">;

/** Opens a package file after its name and, if given, version were found to be what they should be (spec/operations §7.3). */
export async function openPackage(
  file: string,
  expected: Expected,
  world: AptWorld,
): Promise<Result<AptPackage, PackageFault>> {
  const path = resolve(file);
  const fields = await readFields(path, world);
  if (!fields.ok) return fields;
  const rows = [
    ["Version", fields.value.version, expected.version],
    ["Package", fields.value.name, expected.name],
  ] as const;
  for (const [key, found, wanted] of rows) {
    if (wanted === undefined || wanted === found) continue;
    const message = `Validation of ${path} metadata failed, expected value for the ${key} is ${found}, but provided ${wanted}`;
    return err(fault("mismatch", message));
  }
  return path.endsWith(".deb") ? ok({ path, release: async () => undefined }) : await linkAsDeb(path);
}

async function readFields(
  path: string,
  world: AptWorld,
): Promise<Result<{ readonly name: string; readonly version: string }, PackageFault>> {
  const asked = await runQuietly("dpkg-deb", [fieldsFormat(["Package", "Version"]), "--show", path], world);
  if (!asked.ok) return asked;
  const { value: exit } = asked;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (exit.kind === "exited" && exit.code === 0) {
    const [name = "", version = ""] = text(exit.stdout).trimEnd().split("\t");
    return ok({ name, version });
  }
  const error = text(exit.stderr).trim();
  return err(fault("not-a-package", `Parsing Debian package failed for \`${path}\`, Error: ${error}`));
}

/** apt takes only paths that end so for files. The link is in a directory of its own, where nobody else can put something. */
async function linkAsDeb(path: string): Promise<Result<AptPackage, PackageFault>> {
  try {
    const directory = await mkdtemp(join(tmpdir(), "tedge-apt-"));
    const link = join(directory, `${basename(path)}.deb`);
    await symlink(path, link);
    return ok({ path: link, release: () => rm(directory, { recursive: true, force: true }) });
  } catch (thrown) {
    return err(fault("io", `Cannot link ${path}`, { cause: thrown }));
  }
}
