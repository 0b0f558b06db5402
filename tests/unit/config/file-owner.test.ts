import { expect, test } from "bun:test";
import { findUser } from "../../../src/base/account.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { configuredFileOwner, type FileOwner } from "../../../src/config/file-owner.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

/** Only root can give files away; anybody else is given no owner, and nothing is told. */
const isRoot = process.getuid?.() === 0;

async function ownerBy(systemToml: string): Promise<{ owner: FileOwner | undefined; told: readonly string[] }> {
  const { path } = await ConfigDirectory.make({ "system.toml": systemToml });
  const told: string[] = [];
  const owner = await configuredFileOwner({ directory: path, clock: systemClock, tell: (text) => told.push(text) });
  return { owner, told };
}

const forRoot = (owner: FileOwner | undefined, told: readonly string[] = []) =>
  isRoot ? { owner, told } : { owner: undefined, told: [] };

test("the owner is the user and the group of system.toml, by number", async () => {
  expect(await ownerBy('user = "root"\ngroup = "root"\n')).toEqual(forRoot({ uid: 0, gid: 0 }));
});

test("without a group it is the user's primary one", async () => {
  const nobody = await findUser("nobody", systemClock);
  expect(await ownerBy('user = "nobody"\ngroup = ""\n')).toEqual(forRoot(nobody));
});

test("an empty user leaves the owner of the process", async () => {
  expect(await ownerBy('user = ""\ngroup = "root"\n')).toEqual({ owner: undefined, told: [] });
});

test("a user or group that does not exist is told when somebody chose it", async () => {
  const text = (user: string, group: string) =>
    `The files keep the owner of this process: there is no user '${user}' with group '${group}'`;
  expect(await ownerBy('user = "no-such-user"\n')).toEqual(forRoot(undefined, [text("no-such-user", "tedge")]));
  expect(await ownerBy('user = "root"\ngroup = "no-such-group"\n')).toEqual(
    forRoot(undefined, [text("root", "no-such-group")]),
  );
});

test("the usual user need not exist", async () => {
  const { owner, told } = await ownerBy("");
  const usual = await findUser("tedge", systemClock);
  expect(told).toEqual([]);
  expect(owner?.uid).toBe(isRoot ? usual?.uid : undefined);
});

test("a system.toml that is broken is told, and the defaults hold", async () => {
  const { told } = await ownerBy("user = ");
  expect(told.length).toBe(isRoot ? 1 : 0);
  for (const text of told) expect(text).toContain("going on with the defaults");
});
