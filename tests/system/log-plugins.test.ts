import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../../build/targets.ts";
import { runToEnd } from "./world/program.ts";
import { tempDir } from "./world/temp-dir.ts";

const PLUGINS = join(REPOSITORY, "build/package/log-plugins");

let world: AsyncDisposableStack;
let directory: string;

beforeEach(async () => {
  world = new AsyncDisposableStack();
  const made = await tempDir("log-plugins");
  world.defer(made.remove);
  directory = made.path;
});

afterEach(() => world.disposeAsync());

/** A program in the only directory that the plugin finds programs in; `TELL` prints its arguments, one a line. */
async function stub(name: string, script: string): Promise<void> {
  await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, name), 0o755);
}

const TELL = `for word in "$@"; do printf '%s\\n' "$word"; done`;

function run(shell: "dash" | "busybox", plugin: string, ...args: string[]) {
  const words = shell === "dash" ? ["/usr/bin/dash"] : ["/usr/bin/busybox", "sh"];
  return runToEnd([...words, join(PLUGINS, plugin), ...args], { env: { PATH: directory } });
}

test.each(["file", "journald", "dmesg"])("shellcheck finds nothing in the log plugin %s", async (plugin) => {
  expect(await runToEnd(["shellcheck", "--format=gcc", join(PLUGINS, plugin)])).toMatchObject({ code: 0, stdout: "" });
});

test("the log plugin file hands over to tedge", async () => {
  await stub("tedge", TELL);
  expect((await run("dash", "file", "get", "a b", "--since", "1")).stdout).toBe(
    "run\ntedge-file-log-plugin\nget\na b\n--since\n1\n",
  );
});

/** BusyBox takes its own dmesg before all others. */
describe("the log plugin dmesg", () => {
  test("lists one type", async () => {
    await stub("dmesg", TELL);
    expect((await run("dash", "dmesg", "list")).stdout).toBe("all\n");
  });

  test("asks for messages in a range where dmesg knows dates", async () => {
    await stub("dmesg", `[ "$1" = --help ] && { echo " --since <time>"; exit 0; }\n${TELL}`);
    await stub("date", 'echo "date of $2"');
    expect((await run("dash", "dmesg", "get", "all", "--since", "10", "--until", "20")).stdout).toBe(
      "--nopager\n--color=never\n--time-format=iso\n--since=date of @10\n--until=date of @20\n",
    );
  });

  test("gives all messages where it does not", async () => {
    await stub("dmesg", `[ "$1" = --help ] && { echo "Usage: dmesg [-c]" >&2; exit 1; }\necho "all $*"`);
    await stub("date", 'echo "date of $2"');
    expect((await run("dash", "dmesg", "get", "all", "--since", "10")).stdout).toBe("all \n");
  });

  test("says so where there is none", async () => {
    expect(await run("dash", "dmesg", "get", "all")).toMatchObject({ code: 2 });
  });
});

describe.each(["dash", "busybox"] as const)("under %s", (shell) => {
  describe("the log plugin journald", () => {
    test("lists the services and all-units", async () => {
      await stub("journalctl", TELL);
      await stub(
        "systemctl",
        "printf 'ssh.service loaded active running OpenSSH\\ntedge-agent.service loaded active\\n'",
      );
      expect(await run(shell, "journald", "list")).toEqual({
        code: 0,
        stdout: "ssh\ntedge-agent\nall-units\n",
        stderr: "",
      });
    });

    test("fails to list when systemctl does", async () => {
      await stub("journalctl", TELL);
      await stub("systemctl", "echo broken >&2; exit 3");
      expect(await run(shell, "journald", "list")).toMatchObject({ code: 3, stdout: "", stderr: "broken\n" });
    });

    test("asks for the journal of one unit in a range", async () => {
      await stub("journalctl", TELL);
      expect((await run(shell, "journald", "get", "ssh", "--since", "10", "--until", "20")).stdout).toBe(
        "--no-pager\n--quiet\n--output=short-iso\n--unit=ssh\n--since=@10\n--until=@20\n",
      );
      expect((await run(shell, "journald", "get", "--help")).stdout).toContain("--unit=--help\n");
    });

    test("asks for the journal of all units", async () => {
      await stub("journalctl", TELL);
      expect((await run(shell, "journald", "get", "all-units")).stdout).toBe(
        "--no-pager\n--quiet\n--output=short-iso\n--unit=*\n",
      );
    });

    test("passes on how journalctl failed", async () => {
      await stub("journalctl", "echo no journal >&2; exit 4");
      expect(await run(shell, "journald", "get", "ssh")).toMatchObject({ code: 4, stderr: "no journal\n" });
    });

    test("says so on a device without systemd", async () => {
      expect(await run(shell, "journald", "list")).toMatchObject({
        code: 2,
        stderr: "journald: there is no systemctl on this device\n",
      });
    });
  });

  test.each([
    "journald",
    "journald other",
    "journald get",
    "journald get ssh --since",
    "journald get ssh --since yesterday",
    "journald get ssh --more 1",
    "dmesg",
    "dmesg get",
    "dmesg get some",
    "dmesg get all --until x",
  ])("%s is refused with the usage", async (line) => {
    for (const name of ["systemctl", "journalctl", "dmesg"]) await stub(name, "echo called");
    const [plugin = "", ...args] = line.split(" ");
    const ended = await run(shell, plugin, ...args);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain(`Usage: ${plugin} list`);
  });
});
