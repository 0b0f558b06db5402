import { describe, expect, test } from "bun:test";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readScript } from "../../build/package-tree.ts";
import { REPOSITORY } from "../../build/targets.ts";
import { endProcess, readOutput } from "./world/process-output.ts";
import { tempDir } from "./world/temp-dir.ts";
import { waitUntil } from "./world/wait-until.ts";

const PACKAGE = join(REPOSITORY, "build/package");

const SCRIPTS = ["scripts/setup", "scripts/test", "scripts/demo", "scripts/install.sh", ".ci/run"];
const PACKAGED = [
  "hand-over",
  "keep-running",
  "openrc/service",
  "sysvinit/service",
  "deb/postinst",
  "deb/prerm",
  "deb/postrm",
  "setup.sh",
  "sm-plugins/apk",
  "sm-plugins/rpm",
];

test.each([...SCRIPTS.map((path) => join(REPOSITORY, path)), ...PACKAGED.map((path) => join(PACKAGE, path))])(
  "shellcheck finds nothing in %s",
  async (path) => {
    await using directory = await tempDir("script");
    const assembled = join(directory.path, "script");
    await writeFile(
      assembled,
      path.startsWith(PACKAGE) ? await readScript(path.slice(PACKAGE.length)) : await readFile(path, "utf8"),
    );
    expect(await output(["shellcheck", "--format=gcc", assembled])).toBe("");
  },
);

describe("keep-running", () => {
  const keepRunning = ["sh", join(PACKAGE, "keep-running"), "sh", "-c"];

  test("ends when the program ended well, and hides from it what would change Bun", async () => {
    const env = { ...process.env, BUN_BE_BUN: "1", BUN_OPTIONS: "--smol" };
    expect(await output([...keepRunning, "env | grep ^BUN_ || echo none"], env)).toBe("none\n");
  });

  test("starts a program again that failed", async () => {
    await using directory = await tempDir("again");
    const script = `echo started; [ -e ${directory.path}/second ] || { touch ${directory.path}/second; exit 3; }`;
    expect(await output([...keepRunning, script])).toBe("started\nstarted\n");
  }, 20_000);

  test("passes SIGTERM on and waits for the program's end", async () => {
    const script = "trap 'echo stopping; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    const child = Bun.spawn([...keepRunning, script], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    const stdout = readOutput(child.stdout);
    await waitUntil("the program is up", () => stdout.text().includes("up"));
    expect(await endProcess(child, "SIGTERM")).toBe(0);
    await stdout.ended;
    expect(stdout.text()).toBe("up\nstopping\n");
  });
});

describe("hand-over", () => {
  test.each([
    { active: false, service: "tedge-agent", code: 0, asked: ["--quiet is-active tebus.service"] },
    { active: true, service: "tedge-agent", code: 1, asked: ["--quiet is-active tebus.service"] },
    {
      active: true,
      service: "tedge-mapper-local",
      code: 1,
      asked: ["--quiet is-active tebus.service", "--no-block try-restart tebus.service"],
    },
  ])(
    "with tebus.service active: $active, $service starts alone: exit $code",
    async ({ active, service, code, asked }) => {
      await using directory = await tempDir("systemctl");
      const systemctl = join(directory.path, "systemctl");
      await writeFile(
        systemctl,
        `#!/bin/sh\necho "$@" >>${directory.path}/asked\n[ "$2" != is-active ] || ${active}\n`,
      );
      await chmod(systemctl, 0o755);
      const env = { PATH: `${directory.path}:${process.env.PATH}` };
      const child = Bun.spawn(["sh", join(PACKAGE, "hand-over"), service], {
        env,
        stdio: ["ignore", "inherit", "inherit"],
      });
      expect(await child.exited).toBe(code);
      expect(await readFile(join(directory.path, "asked"), "utf8")).toBe(asked.map((line) => `${line}\n`).join(""));
    },
  );
});

/** What a program prints on stdout; what it says on stderr is shown. */
async function output(command: readonly string[], env?: Readonly<Record<string, string | undefined>>): Promise<string> {
  const child = Bun.spawn([...command], {
    ...(env === undefined ? {} : { env }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const text = await new Response(child.stdout).text();
  await child.exited;
  return text;
}
