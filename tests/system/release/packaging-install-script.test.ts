import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { VERSION } from "../../../build/version.ts";
import { type FileServer, serveFiles } from "../world/file-server.ts";
import type { Finished } from "../world/program.ts";
import { hostRelease } from "../world/release.ts";
import { type ScratchRoot, scratchRoot } from "../world/scratch-root.ts";

let directory: string;
let release: FileServer;
let device: ScratchRoot;

beforeAll(async () => {
  directory = await hostRelease();
  release = serveFiles(directory);
}, 120_000);

afterAll(() => release.stop());

beforeEach(async () => {
  device = await scratchRoot({ bind: { "/release": directory } });
});

afterEach(() => device.dispose());

/** PATH of a device that has BusyBox for all that Debian's build of it can do: no systemd, no GNU. */
const BUSYBOX = "/busybox";

const LAY_OUT_BUSYBOX = `
  mkdir ${BUSYBOX} && busybox --install -s ${BUSYBOX}
  ln -s /usr/sbin/groupadd /usr/sbin/useradd /usr/sbin/userdel /usr/sbin/groupdel ${BUSYBOX}
  ln -sf /sbin/start-stop-daemon ${BUSYBOX}
  mv /usr/bin/dpkg /usr/bin/dpkg.away`;

function run(script: string, path?: string): Promise<Finished> {
  return device.sh(script, { TEBUS_DOWNLOAD_URL: release.url, ...(path === undefined ? {} : { PATH: path }) });
}

async function must(script: string, path?: string): Promise<string> {
  const done = await run(script, path);
  if (done.code !== 0) throw new Error(`${script}\nexit ${done.code}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** An executable `uname` in front of all others. */
function pretend(machine: string): string {
  return `printf '#!/bin/sh\\n[ "$1" = -m ] && echo ${machine} || echo Linux\\n' >/usr/local/bin/uname; chmod 755 /usr/local/bin/uname`;
}

test("where there is dpkg it installs the package, and --uninstall keeps the data", async () => {
  expect(await must("sh /release/install.sh")).toContain(`Installed: tedge ${VERSION}\n`);
  expect(await must(`dpkg-query -W -f '\${db:Status-Status}' tebus`)).toBe("installed");
  await must("sh /release/install.sh --uninstall");
  expect(await must("ls /usr/bin/tebus 2>/dev/null || ls -d /etc/tedge")).toBe("/etc/tedge\n");
});

test("with BusyBox alone it installs the tarball, starts the agent, updates, uninstalls and purges", async () => {
  const busybox = (script: string) => must(script, BUSYBOX);
  await must(LAY_OUT_BUSYBOX);
  expect(await busybox("sh /release/install.sh")).toContain(`Installed: tedge ${VERSION}\n`);
  expect(await busybox("id -un tedge; tail -n 1 /etc/tedge/system.toml")).toMatch(/^tedge\nis_active = .*init\.d/);
  expect(await busybox("/etc/init.d/tedge-agent status")).toBe("tedge-agent is running\n");

  await busybox("echo kept >/var/tedge/file; sh /release/install.sh");
  expect(await busybox("/etc/init.d/tedge-agent status")).toBe("tedge-agent is running\n");

  await busybox("sh /release/install.sh --uninstall");
  expect(await busybox("cat /var/tedge/file; ls /etc/init.d | grep -c tedge || true")).toBe("kept\n0\n");
  expect(await busybox("ls /usr/bin | grep -E '^(te(dge|bus)|c8y)' || true")).toBe("");
  expect(await busybox("ps | grep '[t]edge' || true")).toBe("");

  await busybox("sh /release/install.sh && sh /release/install.sh --uninstall --purge");
  expect(await busybox("ls -d /etc/tedge /var/tedge 2>/dev/null || id tedge 2>/dev/null || echo nobody")).toBe(
    "nobody\n",
  );
});

test("a file that is not what SHA256SUMS says is refused, and nothing is installed", async () => {
  const sums = await readFile(join(directory, "SHA256SUMS"), "utf8");
  await using forged = serveFiles(directory);
  forged.replace("/SHA256SUMS", sums.replaceAll(/^[0-9a-f]{8}/gm, "00000000"));
  const done = await device.sh("sh /release/install.sh", { TEBUS_DOWNLOAD_URL: forged.url });
  expect(done.code).toBe(1);
  expect(done.stderr).toContain("the checksum of tebus_");
  expect(await must("ls /usr/bin/tebus 2>/dev/null || echo none")).toBe("none\n");
});

test("a release without a file for this machine, or none at all, is told", async () => {
  await using empty = serveFiles(directory);
  empty.replace("/SHA256SUMS", "");
  const without = await device.sh("sh /release/install.sh", { TEBUS_DOWNLOAD_URL: empty.url });
  expect([without.code, without.stderr]).toEqual([1, "install.sh: the release has no deb for linux-x64\n"]);
  const nowhere = await device.sh("sh /release/install.sh", { TEBUS_DOWNLOAD_URL: `${empty.url}/nowhere` });
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("cannot download")]);
});

test("a machine that Bun does not run on is told so", async () => {
  await must(pretend("armv7l"));
  const done = await run("sh /release/install.sh");
  expect(done.code).toBe(1);
  expect(done.stderr).toContain("Bun has no 32-bit ARM");
});

test("a 32-bit system on a 64-bit kernel is recognised", async () => {
  await must(`${pretend("aarch64")}; rm -f /lib/ld-linux-aarch64.so.1`);
  const done = await run("sh /release/install.sh");
  expect(done.code).toBe(1);
  expect(done.stderr).toContain("is this a 32-bit system?");
});
