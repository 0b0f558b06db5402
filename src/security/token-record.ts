import * as v from "valibot";
import { type Fault, fault } from "../base/fault.ts";
import { parseJson } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

/** What is known of a token that was given to a client; its secret is not. */
export interface TokenRecord {
  readonly id: string;
  /** The topic id of the entity that the client stands for, four segments. */
  readonly entity: string;
  /** Of the secret, hexadecimal. */
  readonly sha256: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Milliseconds since the epoch; without it the token counts until it is revoked. */
  readonly expires?: number;
  /** Paths in the file store whose files the client may download besides its own, `/`-separated. */
  readonly reads: readonly string[];
}

const Time = v.pipe(
  v.string(),
  v.isoTimestamp(),
  v.transform((text) => Date.parse(text)),
  v.finite(),
);

/** What is not understood may restrict the token: it is refused rather than ignored. */
const RecordFile = v.strictObject({
  entity: v.pipe(v.string(), v.regex(/^[^/+#\0]*(?:\/[^/+#\0]*){3}$/, "not an entity topic id of four segments")),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "not a SHA-256")),
  created: Time,
  expires: v.optional(Time),
  reads: v.optional(v.array(v.pipe(v.string(), v.check(isStorePath, "not a path in the file store"))), []),
});

/** Reads the content of the file of the token `id`. Code `broken-token`; `path` is for the message. */
export function parseTokenRecord(id: string, text: string, path: string): Result<TokenRecord, Fault<"broken-token">> {
  const json = parseJson(text);
  if (!json.ok) return err(broken(path, json.fault.message));
  const parsed = v.safeParse(RecordFile, json.value);
  if (!parsed.success) return err(broken(path, parsed.issues.map(describeIssue).join("; ")));
  const { expires, ...rest } = parsed.output;
  return ok({ id, ...rest, ...(expires === undefined ? {} : { expires }) });
}

export function formatTokenRecord({ entity, sha256, created, expires, reads }: TokenRecord): string {
  const file = {
    entity,
    sha256,
    created: new Date(created).toISOString(),
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    ...(reads.length === 0 ? {} : { reads }),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

export function isExpired({ expires }: TokenRecord, now: number): boolean {
  return expires !== undefined && expires <= now;
}

/** Clean and relative: `firmware` or `firmware/valves`. */
export function isStorePath(path: string): boolean {
  return path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

function broken(path: string, reason: string): Fault<"broken-token"> {
  return fault("broken-token", `The token file ${path} is broken, its token does not count: ${reason}`);
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
