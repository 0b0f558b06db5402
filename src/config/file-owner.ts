import { findGroup, findUser } from "../base/account.ts";
import type { Clock } from "../base/clock.ts";
import { DEFAULT_SYSTEM, systemTomlOrDefaults } from "./system-toml.ts";

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface FileOwnerContext {
  /** The configuration directory. */
  readonly directory: string;
  readonly clock: Clock;
  readonly tell: (text: string) => void;
}

/**
 * Who is to own what tebus writes, as `system.toml` says (spec/cli-and-config §6); `undefined` when files stay with the owner of this
 * process: because it is asked for, because only root can give files away, or because there is no such user, which is told unless it is
 * the usual one, that nobody chose.
 */
export async function configuredFileOwner(context: FileOwnerContext): Promise<FileOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { user, group } = await systemTomlOrDefaults(context.directory, context.tell);
  if (user === "") return undefined;
  const account = await findUser(user, context.clock);
  const gid = group === "" ? account?.gid : await findGroup(group, context.clock);
  if (account !== undefined && gid !== undefined) return { uid: account.uid, gid };
  if (account === undefined && user === DEFAULT_SYSTEM.user) return undefined;
  context.tell(`The files keep the owner of this process: there is no user '${user}' with group '${group}'`);
  return undefined;
}
