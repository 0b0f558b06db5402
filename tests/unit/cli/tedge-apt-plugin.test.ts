import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import type { CommandOutcome } from "../../../src/cli/outcome.ts";
import {
  type AptContext,
  aptFinalize,
  aptInstallOne,
  aptList,
  aptPrepare,
  aptRemoveOne,
  aptUpdateList,
} from "../../../src/cli/tedge-apt-plugin.ts";
import { waitUntil } from "../../system/world/wait-until.ts";
import { PluginFolder } from "../operations/plugins/plugin-folder.ts";

/** Debian's tools are scripts that write down how they were called. */
let folder: PluginFolder;
let out = "";
let err = "";
let stop: AbortController;
let context: AptContext;

beforeEach(() => {
  folder = new PluginFolder();
  [out, err, stop] = ["", "", new AbortController()];
  symlinkSync("/bin/sh", join(folder.plugins, "sh"));
  tool("apt-get");
  tool("dpkg");
  context = {
    stdout: (text) => {
      out += text;
    },
    output: (bytes) => {
      out += new TextDecoder().decode(bytes);
    },
    stderr: (text) => {
      err += text;
    },
    environment: { PATH: `${folder.plugins}:/usr/bin:/bin` },
    clock: systemClock,
    signal: stop.signal,
    configDirectory: folder.directory("config"),
    log: folder.log,
  };
});

afterEach(() => folder.dispose());

function tool(name: string, script = ""): void {
  folder.add(name, `printf '%s\\n' "${name} $*" >>${folder.root}/calls\n${script}`);
}

function calls(): string[] {
  const path = join(folder.root, "calls");
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

const exitOf = (outcome: CommandOutcome) => (outcome.kind === "done" ? (outcome.exit ?? 0) : outcome.kind);
const lines = async function* (...text: string[]) {
  yield new TextEncoder().encode(text.map((line) => `${line}\n`).join(""));
};

const COMMON = "--quiet --yes -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0";
const INSTALL = `apt-get ${COMMON} -o DPkg::Options::=--force-confold install --allow-downgrades --no-install-recommends --`;

describe("list", () => {
  const installed = [
    "zsh\\t5.8-6\\tinstalled\\tDebian Zsh Maintainers <zsh@debian.org>",
    "zsh-common\\t5.8-6\\tinstalled\\tDebian Zsh Maintainers <zsh@debian.org>",
    "gone\\t1\\tconfig-files\\tSomebody <a@b>",
    "held\\t2\\tinstalled\\tSomebody <a@b>",
    "multi\\t3\\tinstalled\\tSomebody <a@b>",
    "multi\\t3\\tinstalled\\tSomebody <a@b>",
    "half\\t3\\tunpacked\\tSomebody <a@b>",
  ].join("\\n");

  async function names(filter = {}): Promise<string[]> {
    out = "";
    expect(exitOf(await aptList(context, filter))).toBe(0);
    return out.split("\n").flatMap((line) => line.split("\t")[0] || []);
  }

  beforeEach(() => tool("dpkg-query", `printf '${installed}\\n'`));

  test("prints name and version of what is installed, each once", async () => {
    await aptList(context, {});
    expect(out).toBe("zsh\t5.8-6\nzsh-common\t5.8-6\nheld\t2\nmulti\t3\n");
  });

  test("a filter takes whole names, or maintainers by their beginning", async () => {
    expect(await names({ name: "zsh" })).toEqual(["zsh"]);
    expect(await names({ name: "zsh.*" })).toEqual(["zsh", "zsh-common"]);
    expect(await names({ maintainer: "Debian Zsh.*" })).toEqual(["zsh", "zsh-common"]);
    expect(await names({ maintainer: "Zsh" })).toEqual([]);
    expect(await names({ name: "held", maintainer: "Debian" })).toEqual(["zsh", "zsh-common", "held"]);
  });

  test("the settings are filters too, and options win over them", async () => {
    writeFileSync(join(context.configDirectory, "tedge.toml"), '[apt]\nname = "held"\nmaintainer = "Debian.*"\n');
    expect(await names()).toEqual(["zsh", "zsh-common", "held"]);
    expect(await names({ name: "multi" })).toEqual(["zsh", "zsh-common", "multi"]);
  });

  test("a filter that is no regular expression is a usage error", async () => {
    expect(exitOf(await aptList(context, { name: "(" }))).toBe(1);
    expect(err).toStartWith("tedge-apt-plugin fails to list packages with matching name and maintainer: ");
  });

  test("fails with 2 when dpkg-query does, with its words, and with 5 where there is none", async () => {
    tool("dpkg-query", "echo broken >&2; exit 2");
    expect(exitOf(await aptList(context, {}))).toBe(2);
    expect(err).toBe("broken\n");
    const nowhere = { ...context, environment: { PATH: folder.tmp } };
    expect(exitOf(await aptList(nowhere, {}))).toBe(5);
    expect(err).toEndWith("ERROR: Fail to run `dpkg-query`: No such file or directory (os error 2)\n");
  });
});

describe("install", () => {
  test("hands name and version to apt-get, and shows the command", async () => {
    tool("apt-get", 'echo "$DEBIAN_FRONTEND"; echo warned >&2');
    expect(exitOf(await aptInstallOne(context, { name: "a", version: "1:2" }))).toBe(0);
    expect(calls()).toEqual([`${INSTALL} a=1:2`]);
    const shown = `apt-get ${calls()[0]?.slice("apt-get ".length)}`
      .split(" ")
      .map((word) => `"${word}"`)
      .join(" ");
    expect(out).toBe(`Executing command: ${shown}\nnoninteractive\n`);
    expect(err).toBe("warned\n");
  });

  test("takes the newest without a version, and for the version latest", async () => {
    await aptInstallOne(context, { name: "a" });
    await aptInstallOne(context, { name: "a", version: "latest" });
    expect(calls()).toEqual([`${INSTALL} a`, `${INSTALL} a`]);
  });

  test("takes the new configuration files where the setting says so", async () => {
    writeFileSync(join(context.configDirectory, "tedge.toml"), '[apt.dpkg.options]\nconfig = "keepnew"\n');
    await aptInstallOne(context, { name: "a" });
    expect(calls()[0]).toContain("--force-confnew");
  });

  test.each(["-o", "--reinstall", "../x.deb", "", "a b", "a/stable"])("refuses the name %p", async (name) => {
    expect(exitOf(await aptInstallOne(context, { name }))).toBe(5);
    expect(err).toBe(`ERROR: Not the name of a package: ${JSON.stringify(name)}\n`);
    expect(calls()).toEqual([]);
  });

  test("exits with 2 when apt-get fails and with 4 when it is killed", async () => {
    tool("apt-get", "exit 100");
    expect(exitOf(await aptInstallOne(context, { name: "a" }))).toBe(2);
    tool("apt-get", "kill -9 $$");
    expect(exitOf(await aptInstallOne(context, { name: "a" }))).toBe(4);
    expect(err).toBe("Interrupted by a signal!\n");
  });

  test("ends apt-get when it is told to end", async () => {
    tool("apt-get", `echo $$ >${folder.root}/pid; exec sleep 600`);
    const running = aptInstallOne(context, { name: "a" });
    await waitUntil("apt-get runs", () => existsSync(join(folder.root, "pid")));
    stop.abort();
    expect(exitOf(await running)).toBe(4);
  });
});

describe("a package file", () => {
  const file = () => join(folder.tmp, "package");
  beforeEach(() => {
    writeFileSync(file(), "");
    tool("dpkg-deb", "printf 'sample\\t1:2.0-1\\n'");
    tool("apt-get", 'for last; do :; done; [ ! -L "$last" ] || readlink "$last"');
  });

  test("that is what it should be is installed under a name that apt takes, which is gone afterwards", async () => {
    expect(exitOf(await aptInstallOne(context, { name: "sample", version: "1:2.0-1", file: file() }))).toBe(0);
    const [link = ""] = / (\/.*\/tedge-apt-.{6}\/package\.deb)$/.exec(calls().at(-1) ?? "")?.slice(1) ?? [];
    expect(out).toEndWith(`\n${file()}\n`);
    expect(link).not.toBe("");
    expect(existsSync(dirname(link))).toBe(false);
  });

  test("with the ending that apt wants is taken as it is", async () => {
    writeFileSync(`${file()}.deb`, "");
    await aptInstallOne(context, { name: "sample", file: `${file()}.deb` });
    expect(calls().at(-1)).toBe(`${INSTALL} ${file()}.deb`);
  });

  test.each([
    [{ name: "sample", version: "2.0-1" }, "Version is 1:2.0-1, but provided 2.0-1"],
    [{ name: "sample", version: "1:2.0" }, "Version is 1:2.0-1, but provided 1:2.0"],
    [{ name: "sampl" }, "Package is sample, but provided sampl"],
  ])("that is not %p is refused", async (module, told) => {
    expect(exitOf(await aptInstallOne(context, { ...module, file: file() }))).toBe(5);
    expect(err).toBe(`ERROR: Validation of ${file()} metadata failed, expected value for the ${told}\n`);
    expect(calls()).toHaveLength(1);
  });

  test("that is no package is refused", async () => {
    tool("dpkg-deb", "echo 'not a Debian format archive' >&2; exit 2");
    expect(exitOf(await aptInstallOne(context, { name: "sample", file: file() }))).toBe(5);
    expect(err).toBe(`ERROR: Parsing Debian package failed for \`${file()}\`, Error: not a Debian format archive\n`);
  });
});

describe("remove", () => {
  test("removes what is named", async () => {
    expect(exitOf(await aptRemoveOne(context, { name: "a" }))).toBe(0);
    expect(exitOf(await aptRemoveOne(context, { name: "a", version: "1" }))).toBe(0);
    expect(calls()).toEqual([`apt-get ${COMMON} remove -- a`, `apt-get ${COMMON} remove -- a=1`]);
  });

  test("refuses what is no name", async () => {
    expect(exitOf(await aptRemoveOne(context, { name: "-y" }))).toBe(5);
  });
});

describe("update-list", () => {
  beforeEach(() => tool("dpkg-query", 'case "$3" in old) echo 1.0 ;; *) echo "no packages found" >&2; exit 1 ;; esac'));

  test("installs and removes in one call", async () => {
    const updates = lines(
      "install\ta\t\t",
      "install\tb\t2\t",
      "",
      "remove\told\t1.0\t",
      "remove\tabsent\t3\t",
      "install\tc\tlatest\t",
    );
    expect(exitOf(await aptUpdateList(context, updates))).toBe(0);
    expect(calls().at(-1)).toBe(`${INSTALL} a b=2 old- absent- c`);
  });

  test("does not remove another version than the one that was meant", async () => {
    expect(exitOf(await aptUpdateList(context, lines("remove\told\t0.9\t")))).toBe(5);
    expect(err).toBe(
      "ERROR: Validation of old metadata failed, expected value for the Version is 1.0, but provided 0.9\n",
    );
  });

  test.each(["upgrade\ta\t\t", "install", "install\t-x\t\t"])("does nothing when a line is %p", async (line) => {
    expect(exitOf(await aptUpdateList(context, lines("install\ta\t\t", line)))).toBe(5);
    expect(calls()).toEqual([]);
  });
});

test("prepare reads the repositories, finalize removes what nothing needs", async () => {
  expect(exitOf(await aptPrepare(context))).toBe(0);
  expect(exitOf(await aptFinalize(context))).toBe(0);
  expect(calls()).toEqual([`apt-get ${COMMON} update`, `apt-get ${COMMON} autoremove`]);
});
