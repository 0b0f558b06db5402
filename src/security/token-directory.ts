import { chmod, chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FileFaultCode, fileFault, type ReplaceOptions, readText, replaceFile } from "../base/atomic-file.ts";
import { type Fault, fault, toFault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { formatTokenRecord, isExpired, parseTokenRecord, type TokenRecord } from "./token-record.ts";
import { formatToken, hashSecret, newToken, type RandomBytes } from "./token-text.ts";

/** Where tokens are: one file each, so that two commands at once never undo each other, and taking a file away revokes its token. */
export interface TokenDirectory {
  readonly path: string;
  /** Who is to own what is written; without it the owner of this process. */
  readonly owner?: ReplaceOptions["owner"];
}

export type TokenFault = Fault<FileFaultCode | "too-many-tokens" | "unknown-token">;

export interface TokenRequest {
  /** Topic id of four segments. */
  readonly entity: string;
  /** Milliseconds since the epoch. */
  readonly expires?: number;
  readonly reads: readonly string[];
}

/** More are not made and not read. */
export const MOST_TOKENS = 10_000;

/** Below the configuration directory. */
export const TOKEN_DIRECTORY = "http-auth";

export interface TokenList {
  /** Oldest first. */
  readonly tokens: readonly TokenRecord[];
  /** One for each file that cannot be read or understood. */
  readonly faults: readonly Fault[];
}

/** All tokens, the expired ones too; none when the directory does not exist. */
export async function readTokens({ path }: TokenDirectory): Promise<Result<TokenList, Fault<FileFaultCode>>> {
  const names = await tokenFiles(path);
  if (!names.ok) return names;
  const tokens: TokenRecord[] = [];
  const faults: Fault[] = [];
  for (const name of names.value.slice(0, MOST_TOKENS)) {
    const file = join(path, name);
    const text = await readText(file);
    // Revoked since the directory was read.
    if (!text.ok && text.fault.code === "not-found") continue;
    const record = text.ok ? parseTokenRecord(name.slice(0, -SUFFIX.length), text.value, file) : text;
    if (record.ok) tokens.push(record.value);
    else faults.push(record.fault);
  }
  tokens.sort((left, right) => left.created - right.created);
  return ok({ tokens, faults });
}

/** Makes a token and gives its text, which is kept nowhere. Files of tokens that have expired are taken away first. */
export async function createToken(
  directory: TokenDirectory,
  { entity, expires, reads }: TokenRequest,
  world: { readonly now: number; readonly random: RandomBytes },
): Promise<Result<{ readonly record: TokenRecord; readonly text: string }, TokenFault>> {
  const made = await makeTokenDirectory(directory);
  if (!made.ok) return made;
  const present = await readTokens(directory);
  if (!present.ok) return present;
  const expired = present.value.tokens.filter((token) => isExpired(token, world.now));
  for (const { id } of expired) await removeToken(directory, id);
  if (present.value.tokens.length - expired.length >= MOST_TOKENS) {
    return err(fault("too-many-tokens", `There are ${MOST_TOKENS} tokens: revoke some first`));
  }
  const token = newToken(world.random);
  const record: TokenRecord = {
    id: token.id,
    entity,
    sha256: hashSecret(token.secret),
    created: world.now,
    ...(expires === undefined ? {} : { expires }),
    reads,
  };
  const written = await writeTokenFile(directory, `${token.id}${SUFFIX}`, formatTokenRecord(record));
  return written.ok ? ok({ record, text: formatToken(token) }) : written;
}

/** Code `unknown-token` when there is none with this id. */
export async function removeToken({ path }: TokenDirectory, id: string): Promise<Result<undefined, TokenFault>> {
  const unknown = err<TokenFault>(fault("unknown-token", `There is no token ${id}: see \`tedge http-token list\``));
  if (!FILE_NAME.test(`${id}${SUFFIX}`)) return unknown;
  try {
    await rm(join(path, `${id}${SUFFIX}`));
    return ok();
  } catch (thrown) {
    return toFault(thrown).code === "ENOENT" ? unknown : err(fileFault(`Cannot remove the token ${id}`, thrown));
  }
}

/** The directory is there, and nobody but its owner sees what is in it. */
export async function makeTokenDirectory({
  path,
  owner,
}: TokenDirectory): Promise<Result<undefined, Fault<FileFaultCode>>> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const present = await stat(path);
    if (owner !== undefined && (owner.uid !== present.uid || owner.gid !== present.gid)) {
      await chown(path, owner.uid, owner.gid);
    }
    if ((present.mode & 0o777) !== 0o700) await chmod(path, 0o700);
    return ok();
  } catch (thrown) {
    return err(fileFault(`Cannot make the directory ${path}`, thrown));
  }
}

/** Replaces a file of the directory whole; mode 0600. */
export async function writeTokenFile({ path, owner }: TokenDirectory, name: string, content: string) {
  return await replaceFile(join(path, name), content, { mode: 0o600, ...(owner === undefined ? {} : { owner }) });
}

const SUFFIX = ".json";
const FILE_NAME = /^[0-9a-f]{8}\.json$/;

async function tokenFiles(path: string): Promise<Result<readonly string[], Fault<FileFaultCode>>> {
  try {
    return ok((await readdir(path)).filter((name) => FILE_NAME.test(name)).sort());
  } catch (thrown) {
    if (toFault(thrown).code === "ENOENT") return ok([]);
    return err(fileFault(`Cannot read the directory ${path}`, thrown));
  }
}
