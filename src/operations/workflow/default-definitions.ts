import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FileFaultCode, fileFault, type ReplaceOptions, replaceFile } from "../../base/atomic-file.ts";
import { type Fault, toFault } from "../../base/fault.ts";
import { err, ok, type Result } from "../../base/result.ts";

/** The workflow that an operation has until the user writes another. */
export interface DefaultDefinition {
  readonly operation: string;
  /** TOML. */
  readonly text: string;
}

/**
 * Installs default definitions (spec/operations §3.1): `X.toml.template` always holds the current default; `X.toml` follows it as long as the user
 * neither changed nor deleted it, nor put an `X.toml.disabled` there. The files are what the user finds to begin with.
 */
export async function installDefinitions(
  directory: string,
  definitions: readonly DefaultDefinition[],
  owner?: ReplaceOptions["owner"],
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const options = owner === undefined ? {} : { owner };
  for (const { operation, text } of definitions) {
    const installed = await install(join(directory, `${operation}.toml`), text, options);
    if (!installed.ok) return installed;
  }
  return ok();
}

/** The template comes last: when power is lost in between, the file counts as untouched all the same. */
async function install(
  path: string,
  text: string,
  options: ReplaceOptions,
): Promise<Result<undefined, Fault<FileFaultCode>>> {
  const template = `${path}.template`;
  try {
    const [before, present] = [await read(template), await read(path)];
    const wanted = asRead(Buffer.from(text));
    if (before === present && present !== wanted && !(await exists(`${path}.disabled`))) {
      const written = await replaceFile(path, text, options);
      if (!written.ok) return written;
    }
    return before === wanted ? ok() : await replaceFile(template, text, options);
  } catch (thrown) {
    return err(fileFault(`Cannot install ${path}`, thrown));
  }
}

async function read(path: string): Promise<string | undefined> {
  return ifThere(async () => asRead(await readFile(path)));
}

/** One character a byte: files are compared byte by byte. */
function asRead(bytes: Buffer): string {
  return bytes.toString("latin1");
}

async function exists(path: string): Promise<boolean> {
  return (await ifThere(() => stat(path))) !== undefined;
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return undefined;
    throw thrown;
  }
}
