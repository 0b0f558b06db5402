import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../../build/targets.ts";
import { type Finished, runToEnd } from "./world/program.ts";
import { type TempDir, tempDir } from "./world/temp-dir.ts";

/** The package managers are scripts that write down how they were called. */
let directory: TempDir;
let bin: string;

beforeEach(async () => {
  directory = await tempDir("sm-plugin");
  bin = join(directory.path, "bin");
  await mkdir(bin);
  for (const tool of [
    "sh",
    "sed",
    "sort",
    "grep",
    "head",
    "tail",
    "cat",
    "tar",
    "gzip",
    "mktemp",
    "ln",
    "readlink",
    "rm",
  ]) {
    await symlink(`/usr/bin/${tool}`, join(bin, tool));
  }
});

afterEach(() => directory.remove());

async function tool(name: string, script = ""): Promise<void> {
  const path = join(bin, name);
  const record = `printf '%s\\n' "${name} $*" >>${directory.path}/calls`;
  await writeFile(path, `#!${bin}/sh\n${record}\n${script}\n`);
  await chmod(path, 0o755);
}

function plugin(name: string, ...args: string[]): Promise<Finished> {
  return runToEnd(["env", `PATH=${bin}`, join(REPOSITORY, "build/package/sm-plugins", name), ...args]);
}

async function calls(): Promise<string[]> {
  const text = await readFile(join(directory.path, "calls"), "utf8").catch(() => "");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("rpm -q"));
}

async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith("tmp."));
}

describe.each(["apk", "rpm"])("%s", (name) => {
  beforeEach(() => tool(name));

  test("takes modules one by one only", async () => {
    expect((await plugin(name, "update-list")).code).toBe(1);
    expect(await calls()).toEqual([]);
  });

  test.each([
    [],
    ["upgrade"],
    ["install"],
    ["install", "--file"],
    ["install", "a", "--file"],
    ["remove", "-x"],
    ["install", "a", "--force", "b"],
  ])("shows its usage when called with %p %p %p %p", async (...args) => {
    const { code, stderr } = await plugin(name, ...args.filter((arg) => arg !== undefined));
    expect(code).toBe(1);
    expect(stderr).toStartWith(`usage: ${name} list | prepare`);
    expect(await calls()).toEqual([]);
  });
});

describe("apk", () => {
  test("lists names and versions", async () => {
    const listed = [
      "musl-1.2.5-r0 x86_64 {musl} (MIT) [installed]",
      "py3-foo-bar-2.0_rc1-r12 noarch {py3-foo} (MIT AND BSD-2) [installed]",
      "WARNING: opening from cache",
    ];
    await tool("apk", `printf '%s\\n' ${listed.map((line) => `'${line}'`).join(" ")}`);
    expect((await plugin("apk", "list")).stdout).toBe("musl\t1.2.5-r0\npy3-foo-bar\t2.0_rc1-r12\n");
    await tool("apk", "exit 1");
    expect((await plugin("apk", "list")).code).toBe(2);
  });

  test("calls apk for the rest", async () => {
    await tool("apk");
    const runs = [
      ["prepare"],
      ["finalize"],
      ["install", "a"],
      ["install", "a", "--module-version", "1-r0"],
      ["install", "a", "--module-version", "latest"],
      ["remove", "a", "--module-version", "1-r0"],
    ];
    for (const args of runs) expect((await plugin("apk", ...args)).code).toBe(0);
    expect(await calls()).toEqual([
      "apk update",
      "apk add --upgrade a",
      "apk add --upgrade a=1-r0",
      "apk add --upgrade a",
      "apk del a",
    ]);
    await tool("apk", "echo 'ERROR: unable to select packages' >&2; exit 3");
    expect(await plugin("apk", "install", "a")).toMatchObject({
      code: 2,
      stderr: "ERROR: unable to select packages\n",
    });
  });

  test("installs a package file that is what it should be, and no other", async () => {
    const before = await leftovers();
    await tool("apk");
    const file = join(directory.path, "download");
    await writeFile(join(directory.path, ".PKGINFO"), "# by abuild\npkgname = sample\npkgver = 1.0-r2\n");
    await runToEnd(["tar", "-czf", file, "-C", directory.path, ".PKGINFO"]);
    const install = (...args: string[]) => plugin("apk", "install", ...args);
    expect((await install("sample", "--module-version", "1.0-r2", "--file", file)).code).toBe(0);
    expect(await calls()).toEqual([expect.stringMatching(/^apk add --allow-untrusted \/.*\/sample\.apk$/)]);
    expect((await install("other", "--file", file)).stderr).toBe(
      `ERROR: ${file} holds the package sample, not other\n`,
    );
    expect((await install("sample", "--module-version", "1.0-r3", "--file", file)).stderr).toBe(
      `ERROR: ${file} holds the version 1.0-r2, not 1.0-r3\n`,
    );
    await writeFile(file, "nothing");
    expect(await install("sample", "--file", file)).toMatchObject({
      code: 2,
      stderr: `ERROR: ${file} is not a package\n`,
    });
    expect((await install("sample", "--file", "/no/such/file")).code).toBe(2);
    expect(await calls()).toHaveLength(1);
    expect(await leftovers()).toEqual(before);
  });
});

describe("rpm", () => {
  const INSTALLED = `case "$*" in
-qa*) printf 'zlib\\t1.2-3\\ngpg-pubkey\\t1-1\\nbash\\t1:5-1\\n' ;;
-qp*NAME*) printf sample ;;
-qp*) printf 2.0-1 ;;
*bash) printf '1:5-1\\n' ;;
-q*) echo "package is not installed"; exit 1 ;;
esac`;

  beforeEach(() => tool("rpm", INSTALLED));

  test("lists names and versions, keys left out", async () => {
    expect((await plugin("rpm", "list")).stdout).toBe("bash\t1:5-1\nzlib\t1.2-3\n");
    await tool("rpm", "exit 1");
    expect((await plugin("rpm", "list")).code).toBe(2);
  });

  test.each(["dnf", "yum", "microdnf"])("calls %s where there is one", async (manager) => {
    await tool(manager);
    const runs = [
      ["prepare"],
      ["finalize"],
      ["install", "new"],
      ["install", "new", "--module-version", "1-1"],
      ["install", "bash", "--module-version", "1:4-1"],
      ["install", "bash", "--module-version", "1:5"],
      ["remove", "bash"],
    ];
    for (const args of runs) expect((await plugin("rpm", ...args)).code).toBe(0);
    expect(await calls()).toEqual([
      `${manager} -y makecache`,
      ...(manager === "microdnf" ? [] : [`${manager} -y autoremove`]),
      `${manager} -y install new`,
      `${manager} -y upgrade new`,
      `${manager} -y install new-1-1`,
      `${manager} -y downgrade bash-1:4-1`,
      `${manager} -y install bash-1:5`,
      `${manager} -y remove bash`,
    ]);
    await tool(manager, "exit 1");
    expect((await plugin("rpm", "install", "new")).code).toBe(2);
  });

  test("calls zypper where there is one", async () => {
    await tool("zypper");
    for (const args of [["prepare"], ["install", "a", "--module-version", "1"], ["remove", "a"], ["finalize"]]) {
      expect((await plugin("rpm", ...args)).code).toBe(0);
    }
    expect(await calls()).toEqual([
      "zypper --non-interactive refresh",
      "zypper --non-interactive install --oldpackage a=1",
      "zypper --non-interactive remove a",
    ]);
  });

  test("installs package files also without any of them", async () => {
    const before = await leftovers();
    const file = join(directory.path, "download");
    await writeFile(file, "");
    const install = (...args: string[]) => plugin("rpm", "install", ...args);
    expect((await install("sample", "--module-version", "2.0", "--file", file)).code).toBe(0);
    expect(await calls()).toEqual([expect.stringMatching(/^rpm -U --oldpackage --replacepkgs \/.*\/sample\.rpm$/)]);
    expect((await install("other", "--file", file)).stderr).toBe(
      `ERROR: ${file} holds the package sample, not other\n`,
    );
    expect((await install("sample", "--module-version", "1", "--file", file)).stderr).toBe(
      `ERROR: ${file} holds the version 2.0-1, not 1\n`,
    );
    expect((await install("sample")).stderr).toBe("ERROR: rpm alone installs only files\n");
    expect((await plugin("rpm", "remove", "sample")).code).toBe(0);
    expect((await calls()).at(-1)).toBe("rpm -e sample");
    expect(await leftovers()).toEqual(before);
  });

  test("installs package files by the package manager, which finds what they need", async () => {
    await tool("dnf");
    const file = join(directory.path, "download");
    await writeFile(file, "");
    expect((await plugin("rpm", "install", "sample", "--file", file)).code).toBe(0);
    expect(await calls()).toEqual([expect.stringMatching(/^dnf -y install \/.*\/sample\.rpm$/)]);
  });
});
