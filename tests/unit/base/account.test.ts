import { expect, test } from "bun:test";
import { findGroup, findUser } from "../../../src/base/account.ts";
import { systemClock } from "../../../src/base/clock.ts";
import { ownUser } from "./own-user.ts";

test("a user is found by name, with its primary group", async () => {
  expect((await findUser(ownUser(), systemClock))?.uid).toBe(process.getuid?.() ?? -1);
  expect(await findUser("root", systemClock)).toEqual({ uid: 0, gid: 0 });
});

test("a group is found by name", async () => {
  expect(await findGroup("root", systemClock)).toBe(0);
});

test.each(["no-such-name", "", "root:x", "--help", "0"])("%p names nobody", async (name) => {
  expect(await findUser(name, systemClock)).toBeUndefined();
  expect(await findGroup(name, systemClock)).toBeUndefined();
});
