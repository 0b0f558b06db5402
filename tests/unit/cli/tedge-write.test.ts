import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { faultChain } from "../../../src/base/fault.ts";
import { type TedgeWriteArgs, tedgeWrite } from "../../../src/cli/tedge-write.ts";
import { ownUser } from "../base/own-user.ts";

let directory: string;
let umask: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-write-"));
  umask = process.umask(0o077);
});

afterEach(async () => {
  process.umask(umask);
  await rm(directory, { recursive: true, force: true });
});

async function* chunks(...parts: string[]) {
  for (const part of parts) yield Buffer.from(part);
}

async function* broken() {
  yield Buffer.from("half");
  throw new Error("the pipe broke");
}

async function write(
  args: Partial<TedgeWriteArgs> & { destination: string },
  stdin: AsyncIterable<Uint8Array> = chunks("content"),
) {
  const outcome = await tedgeWrite(
    { clock: systemClock, stdin },
    { createDirsOnly: false, file: {}, parent: {}, ...args },
  );
  return outcome.kind === "failed" ? faultChain(outcome.fault) : outcome.kind;
}

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

test("a new file has all of the input and mode 0644, whatever the umask, and nothing else is left", async () => {
  const destination = join(directory, "new");
  expect(await write({ destination }, chunks("one", "two", "three"))).toBe("done");
  expect(await readFile(destination, "utf8")).toBe("onetwothree");
  expect(await mode(destination)).toBe("644");
  expect(await readdir(directory)).toEqual(["new"]);
});

test("no input makes an empty file", async () => {
  expect(await write({ destination: join(directory, "new") }, chunks())).toBe("done");
  expect(await readFile(join(directory, "new"), "utf8")).toBe("");
});

test("a new file gets the mode and the owner asked for", async () => {
  const destination = join(directory, "new");
  expect(await write({ destination, file: { mode: "2660", user: ownUser() } })).toBe("done");
  expect(await mode(destination)).toBe("2660");
  expect((await stat(destination)).uid).toBe(process.getuid?.() ?? -1);
});

test("a file that exists keeps its mode", async () => {
  const destination = join(directory, "old");
  await writeFile(destination, "before");
  await chmod(destination, 0o640);
  expect(await write({ destination, file: { mode: "777" } })).toBe("done");
  expect(await readFile(destination, "utf8")).toBe("content");
  expect(await mode(destination)).toBe("640");
});

test("a link stays, and its target is written", async () => {
  await writeFile(join(directory, "target"), "before");
  await symlink("target", join(directory, "link"));
  expect(await write({ destination: join(directory, "link") })).toBe("done");
  expect((await lstat(join(directory, "link"))).isSymbolicLink()).toBe(true);
  expect(await readFile(join(directory, "target"), "utf8")).toBe("content");
});

test("input that breaks off leaves what was there", async () => {
  const destination = join(directory, "old");
  await writeFile(destination, "before");
  expect(await write({ destination }, broken())).toEqual([`Cannot write ${destination}`, "the pipe broke"]);
  expect(await readFile(destination, "utf8")).toBe("before");
  expect(await readdir(directory)).toEqual(["old"]);
});

test("the parent directory must exist", async () => {
  const [message] = await write({ destination: join(directory, "no", "file") });
  expect(message).toBe(`Cannot write ${join(directory, "no", "file")}`);
});

describe("what cannot be right is refused", () => {
  test.each(["relative", "./relative", ""])("a path that is not absolute: %p", async (destination) => {
    expect(await write({ destination })).toEqual(["Destination path has to be absolute"]);
  });

  test.each(["/tmp/../etc/x", "/tmp/./x", "/tmp//x", "/tmp/x/"])(
    "a path that is not canonical: %s",
    async (destination) => {
      expect(await write({ destination })).toEqual([`Destination path ${destination} is not canonical`]);
    },
  );

  test.each(["999", "rw", "", "17777"])("a mode that is not octal: %p", async (text) => {
    const destination = join(directory, "new");
    expect(await write({ destination, file: { mode: text } })).toEqual([`invalid mode: ${text}`]);
    expect(await write({ destination, parent: { mode: text } })).toEqual([`invalid mode: ${text}`]);
  });

  test("users and groups that don't exist", async () => {
    const destination = join(directory, "new");
    expect(await write({ destination, file: { user: "nobody-here" } })).toEqual(["no such user: 'nobody-here'"]);
    expect(await write({ destination, file: { group: "nobody-here" } })).toEqual(["no such group: 'nobody-here'"]);
    expect(await readdir(directory)).toEqual([]);
  });
});

describe("--create-dirs-only", () => {
  test("makes the destination and its parents directories, with the parent options for the destination only", async () => {
    const destination = join(directory, "a", "b", "c");
    const made = await write({ destination, createDirsOnly: true, parent: { mode: "700" } }, broken());
    expect(made).toBe("done");
    expect(await mode(destination)).toBe("700");
    expect(await mode(join(directory, "a"))).toBe("755");
    expect(await mode(join(directory, "a", "b"))).toBe("755");
  });

  test("leaves a destination that exists as it is", async () => {
    const destination = join(directory, "there");
    await mkdir(destination, { mode: 0o750 });
    await chmod(destination, 0o750);
    expect(await write({ destination, createDirsOnly: true, parent: { mode: "700" } })).toBe("done");
    expect(await mode(destination)).toBe("750");
  });

  test("fails where a file is in the way", async () => {
    await writeFile(join(directory, "file"), "");
    const [message] = await write({ destination: join(directory, "file", "x"), createDirsOnly: true });
    expect(message).toBe(`Cannot create ${join(directory, "file", "x")}`);
  });
});
