import { join } from "node:path";
import { type FileFaultCode, readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { makeTokenDirectory, type TokenDirectory, writeTokenFile } from "./token-directory.ts";
import { formatToken, LOCAL_TOKEN_ID, newToken, parseToken, type RandomBytes, type Token } from "./token-text.ts";

const FILE = "local-token";

export type LocalTokenFault = Fault<FileFaultCode | "broken-token">;

export function localTokenPath({ path }: Pick<TokenDirectory, "path">): string {
  return join(path, FILE);
}

/** The token of the gateway's own processes, who have all rights: who may read its file is one of them. Code `not-found` before it was made. */
export async function readLocalToken(directory: Pick<TokenDirectory, "path">): Promise<Result<Token, LocalTokenFault>> {
  const path = localTokenPath(directory);
  const text = await readText(path);
  if (!text.ok) return text;
  const token = parseToken(text.value.trim());
  if (token?.id === LOCAL_TOKEN_ID) return ok(token);
  return err(fault("broken-token", `${path} holds no token: remove it, the agent makes a new one`));
}

/** Makes it unless it is there. */
export async function ensureLocalToken(
  directory: TokenDirectory,
  random: RandomBytes,
): Promise<Result<Token, LocalTokenFault>> {
  const made = await makeTokenDirectory(directory);
  if (!made.ok) return made;
  const present = await readLocalToken(directory);
  if (present.ok || present.fault.code !== "not-found") return present;
  const token = newToken(random, LOCAL_TOKEN_ID);
  const written = await writeTokenFile(directory, FILE, `${formatToken(token)}\n`);
  return written.ok ? ok(token) : written;
}
