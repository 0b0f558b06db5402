import type { Clock } from "../base/clock.ts";
import { type DirectoryWatch, watchDirectory } from "../base/directory-watch.ts";
import type { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { ok, type Result } from "../base/result.ts";
import { makeTokenDirectory, readTokens, type TokenDirectory } from "./token-directory.ts";
import { ensureLocalToken } from "./token-local.ts";
import { isExpired, type TokenRecord } from "./token-record.ts";
import { hashSecret, isSecretOf, LOCAL_TOKEN_ID, parseToken, type RandomBytes } from "./token-text.ts";

/** Whom a token stands for. */
export type TokenHolder =
  /** One of the gateway's own processes. */
  { readonly kind: "gateway" } | { readonly kind: "client"; readonly record: TokenRecord };

export type TokenRefusal = "unknown" | "expired";

/** The tokens that count at the moment. They are read again, at the latest half a second after a file of the directory changed. */
export interface TokenKeeper {
  /** Reads the directory and begins to watch it. A fault when the tokens, or that of the gateway itself, cannot be read. */
  open(): Promise<Result<undefined>>;
  close(): void;
  /** Takes the same time for every wrong secret. */
  holderOf(text: string): Result<TokenHolder, TokenRefusal>;
  /** Whether a token that counts stands for this entity. */
  hasTokenFor(entity: string): boolean;
  /** Calls the listener whenever tokens were read again. Gives a function that ends it. */
  watch(listener: () => void): () => void;
}

export interface TokenKeeperOptions {
  readonly directory: TokenDirectory;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

export function createTokenKeeper({ directory, clock, random, log }: TokenKeeperOptions): TokenKeeper {
  const listeners = new Set<() => void>();
  let tokens: ReadonlyMap<string, TokenRecord> = new Map();
  let byEntity: ReadonlyMap<string, readonly TokenRecord[]> = new Map();
  let localHash: string | undefined;
  let told: ReadonlySet<string> = new Set();
  let watching: DirectoryWatch | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  let closed = false;

  async function load(): Promise<Result<undefined>> {
    const local = await ensureLocalToken(directory, random);
    if (!local.ok) return local;
    const read = await readTokens(directory);
    if (!read.ok) return read;
    localHash = hashSecret(local.value.secret);
    tokens = new Map(read.value.tokens.map((token) => [token.id, token]));
    byEntity = Map.groupBy(read.value.tokens, ({ entity }) => entity);
    tellOnce(read.value.faults);
    return ok();
  }

  /** A broken file is told once, not with every change of another. */
  function tellOnce(faults: readonly Fault[]): void {
    for (const each of faults) if (!told.has(each.message)) log.error(each.message, each.cause);
    told = new Set(faults.map(({ message }) => message));
  }

  /** The directory may be another one by now. It is watched before it is read: what changes meanwhile is read again. */
  async function observeAndLoad(): Promise<Result<undefined>> {
    const made = await makeTokenDirectory(directory);
    if (!made.ok) return made;
    if (!closed) observe();
    return await load();
  }

  async function reload(): Promise<void> {
    if (closed) return;
    const loaded = await observeAndLoad();
    if (!loaded.ok) return log.error("The tokens cannot be read, those of before still count", loaded.fault);
    log.info(`Tokens read again: ${tokens.size}`);
    for (const listener of listeners) listener();
  }

  function observe(): void {
    watching?.close();
    const watched = watchDirectory(directory.path, clock, () => {
      reading = reading.then(reload);
    });
    watching = watched.ok ? watched.value : undefined;
    if (!watched.ok) log.warn("Tokens that are made or revoked count after a restart only", watched.fault);
  }

  return {
    async open() {
      const first = observeAndLoad();
      // What is noticed meanwhile comes after it.
      reading = first;
      const loaded = await first;
      if (loaded.ok) log.info(`Requests need a token: ${tokens.size} of clients count, and that of the gateway itself`);
      return loaded;
    },
    close() {
      closed = true;
      watching?.close();
    },
    holderOf(text) {
      const token = parseToken(text);
      const record = token === undefined ? undefined : tokens.get(token.id);
      const hash = token?.id === LOCAL_TOKEN_ID ? localHash : record?.sha256;
      const isRight = isSecretOf(hash ?? NOBODYS, token?.secret ?? "");
      if (!isRight || hash === undefined) return refused("unknown");
      if (record === undefined) return ok({ kind: "gateway" });
      return isExpired(record, clock.now()) ? refused("expired") : ok({ kind: "client", record });
    },
    hasTokenFor: (entity) => byEntity.get(entity)?.some((token) => !isExpired(token, clock.now())) === true,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The hash of no secret. */
const NOBODYS = "0".repeat(64);

function refused(fault: TokenRefusal): Result<never, TokenRefusal> {
  return { ok: false, fault };
}
