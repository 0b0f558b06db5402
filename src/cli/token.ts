import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Duration } from "../base/duration.ts";
import { describeFault } from "../base/fault.ts";
import { type EntityId, MAIN_DEVICE, parseEntityId } from "../bus/entity-id.ts";
import { configuredFileOwner } from "../config/file-owner.ts";
import { loadConfig } from "../config/load-config.ts";
import {
  createToken,
  readTokens,
  removeToken,
  TOKEN_DIRECTORY,
  type TokenDirectory,
} from "../security/token-directory.ts";
import { isExpired, isStorePath, type TokenRecord } from "../security/token-record.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

export interface TokenCreateArgs {
  readonly entity: string;
  readonly expires?: Duration;
  /** Paths in the file store. */
  readonly read: readonly string[];
}

/** `tedge http-token create`: the token alone on stdout, what there is to know about it on stderr. */
export async function tokenCreate(context: CliContext, args: TokenCreateArgs): Promise<CommandOutcome> {
  const entity = parseEntityId(args.entity);
  if (!entity.ok) return { kind: "usage", text: `'${args.entity}': ${entity.fault.message}` };
  const wrong = args.read.find((path) => !isStorePath(path));
  if (wrong !== undefined)
    return { kind: "usage", text: `'${wrong}' is no path in the file store, such as firmware/valves` };
  const now = context.clock.now();
  const request = {
    entity: entity.value,
    reads: args.read,
    ...(args.expires === undefined ? {} : { expires: now + args.expires.milliseconds }),
  };
  const created = await createToken(await directoryOf(context), request, { now, random: randomBytes });
  if (!created.ok) return { kind: "failed", description: `create a token for ${entity.value}`, fault: created.fault };
  const { record, text } = created.value;
  context.stderr(`Token ${record.id} of ${entity.value}, ${validity(record, now)}. It is shown only this once.\n`);
  for (const note of await notes(context, entity.value)) context.stderr(`${note}\n`);
  await context.stdout(`${text}\n`);
  return { kind: "done" };
}

/** `tedge http-token list` */
export async function tokenList(context: CliContext): Promise<CommandOutcome> {
  const read = await readTokens(await directoryOf(context));
  if (!read.ok) return { kind: "failed", description: "list the tokens", fault: read.fault };
  const now = context.clock.now();
  const rows = read.value.tokens.map((token) => [
    token.id,
    token.entity,
    validity(token, now),
    ...(token.reads.length === 0 ? [] : [`also reads ${token.reads.join(", ")}`]),
  ]);
  await context.stdout(table(rows));
  for (const fault of read.value.faults) context.stderr(`warning: ${describeFault(fault)}\n`);
  return { kind: "done", exit: read.value.faults.length === 0 ? 0 : 1 };
}

export interface TokenRevokeArgs {
  readonly ids: readonly string[];
  readonly entity?: string;
}

/** `tedge http-token revoke`: the running agent refuses them from now on, and ends the streams that they opened. */
export async function tokenRevoke(context: CliContext, args: TokenRevokeArgs): Promise<CommandOutcome> {
  if (args.ids.length > 0 === (args.entity !== undefined)) {
    return { kind: "usage", text: "either ids of tokens or --entity has to be given" };
  }
  const directory = await directoryOf(context);
  let ids = args.ids;
  if (args.entity !== undefined) {
    const entity = parseEntityId(args.entity);
    if (!entity.ok) return { kind: "usage", text: `'${args.entity}': ${entity.fault.message}` };
    const read = await readTokens(directory);
    if (!read.ok) return { kind: "failed", description: `revoke the tokens of ${entity.value}`, fault: read.fault };
    ids = read.value.tokens.filter((token) => token.entity === entity.value).map(({ id }) => id);
    if (ids.length === 0) context.stderr(`There is no token of ${entity.value}\n`);
  }
  for (const id of ids) {
    const removed = await removeToken(directory, id);
    if (!removed.ok) return { kind: "failed", description: `revoke the token ${id}`, fault: removed.fault };
    context.stderr(`Token ${id} revoked\n`);
  }
  return { kind: "done" };
}

async function directoryOf({ configDirectory, clock, log }: CliContext): Promise<TokenDirectory> {
  const tell = (text: string) => log.warn(text);
  const owner = await configuredFileOwner({ directory: configDirectory, clock, tell });
  return { path: join(configDirectory, TOKEN_DIRECTORY), ...(owner === undefined ? {} : { owner }) };
}

/** What whoever makes a token may not have thought of. */
async function notes(context: CliContext, entity: EntityId): Promise<readonly string[]> {
  const { configDirectory: directory, environment, log } = context;
  const config = await loadConfig({ directory, environment, warn: (text) => log.warn(text) });
  const isOff = config.ok && config.value.get("http.authz") === "none";
  return [
    ...(entity === MAIN_DEVICE ? ["A token of the main device may do everything."] : []),
    ...(isOff
      ? ["Tokens count once http.authz is entity (`tedge config set http.authz entity`) and the agent is restarted."]
      : []),
  ];
}

function validity(token: TokenRecord, now: number): string {
  if (token.expires === undefined) return "until it is revoked";
  return `${isExpired(token, now) ? "expired" : "until"} ${new Date(token.expires).toISOString()}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return rows.map((row) => `${line(row).trimEnd()}\n`).join("");
}
