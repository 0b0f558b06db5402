import { afterAll, beforeAll, expect, test } from "bun:test";
import { VERSION } from "../../../build/version.ts";
import { hostRelease } from "../world/release.ts";
import { type ScratchRoot, scratchRoot } from "../world/scratch-root.ts";

let device: ScratchRoot;

beforeAll(async () => {
  device = await scratchRoot({ bind: { "/release": await hostRelease() } });
  await must("cp /etc/mosquitto/mosquitto.conf /tmp/mosquitto.conf.before");
}, 120_000);

afterAll(() => device.dispose());

/** Runs a script inside that must succeed, and gives what it printed. */
async function must(script: string): Promise<string> {
  const done = await device.sh(script);
  if (done.code !== 0) throw new Error(`${script}\nexit ${done.code}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

test("the package says that it takes the place of the reference's packages", async () => {
  const fields = await must("dpkg-deb --field /release/*.deb Package Provides Conflicts Replaces");
  expect(fields).toContain("Package: tebus\n");
  expect(fields).toContain("tedge (= 2.0.1)");
  expect(fields).toMatch(/^Conflicts: .*\btedge-agent\b.*\btedge-full\b.*\bc8y-remote-access-plugin$/m);
  expect(fields).toMatch(/^Replaces: .*\btedge-mapper\b/m);
});

test("installing it makes the user, the directories, the sudo rules and mosquitto's include", async () => {
  await must("dpkg --install /release/*.deb");
  expect(await must("id -un tedge; id -gn tedge")).toBe("tedge\ntedge\n");
  expect(await must("stat -c '%U:%G %a' /etc/tedge /etc/tedge/mosquitto-conf /etc/tedge/device-certs /var/tedge")).toBe(
    "tedge:tedge 775\n".repeat(4),
  );
  expect(await must("stat -c '%U %a' /etc/sudoers.d/tedge")).toBe("root 440\n");
  await must("visudo --check --quiet --file=/etc/sudoers.d/tedge");
  expect(await must("diff /tmp/mosquitto.conf.before /etc/mosquitto/mosquitto.conf || true")).toMatch(
    /^\d+a\d+\n> include_dir \/etc\/tedge\/mosquitto-conf\n$/,
  );
});

test("the executable answers by every name of the package", async () => {
  const names = ["tedge", "tedge-agent", "tedge-mapper", "tedge-write"];
  const answers = await must(`for name in ${names.join(" ")}; do $name --version; done`);
  expect(answers).toBe(names.map((name) => `${name} ${VERSION}\n`).join(""));
});

test("a first installation switches the agent on, and nothing else", async () => {
  expect(await must("cd /etc/systemd/system/multi-user.target.wants; ls | grep -E '^te(dge|bus)'")).toBe(
    "tedge-agent.service\n",
  );
});

test("the units are as systemd wants them", async () => {
  await must("systemd-analyze verify --man=no /lib/systemd/system/te[db]*.service");
});

test("no unit hands variables on that would change what the executable is", async () => {
  const units = await must(
    "cd /lib/systemd/system; grep -L 'UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN' te[db]*.service || true",
  );
  expect(units).toBe("");
});

test("installing it again neither doubles nor overwrites anything", async () => {
  await must("tedge config set device.type kept; echo '# mine' >>/etc/sudoers.d/tedge");
  await must("dpkg --install /release/*.deb");
  expect(await must("tedge config get device.type; tail -n 1 /etc/sudoers.d/tedge")).toBe("kept\n# mine\n");
  expect(await must("grep -c tedge/mosquitto-conf /etc/mosquitto/mosquitto.conf")).toBe("1\n");
});

test("a service that was switched off stays off when the package is updated", async () => {
  await must("systemctl --quiet disable tedge-agent; dpkg --install /release/*.deb");
  expect(await must("ls /etc/systemd/system/multi-user.target.wants | grep -c tedge || true")).toBe("0\n");
});

test("a mosquitto that is installed later gets the include too", async () => {
  await must("cp /tmp/mosquitto.conf.before /etc/mosquitto/mosquitto.conf");
  await must("dpkg-trigger --by-package=mosquitto /etc/mosquitto/mosquitto.conf; dpkg --triggers-only tebus");
  expect(await must("grep -c tedge/mosquitto-conf /etc/mosquitto/mosquitto.conf")).toBe("1\n");
});

test("on a Debian system the plugin for its packages is set up, unless somebody decided otherwise", async () => {
  expect(await must("readlink /etc/tedge/sm-plugins/apt; tedge config get software.plugin.default")).toBe(
    "/usr/bin/tedge-apt-plugin\napt\n",
  );
  await must("/etc/tedge/sm-plugins/apt list | grep ^dpkg");
  await must("rm /etc/tedge/sm-plugins/apt; ln -s /bin/false /etc/tedge/sm-plugins/apt");
  await must("tedge config set software.plugin.default other; dpkg --install /release/*.deb");
  expect(await must("readlink /etc/tedge/sm-plugins/apt; tedge config get software.plugin.default")).toBe(
    "/bin/false\nother\n",
  );
  await must("rm /etc/tedge/sm-plugins/apt; dpkg --install /release/*.deb");
  expect(await must("readlink /etc/tedge/sm-plugins/apt; tedge config get software.plugin.default")).toBe(
    "/usr/bin/tedge-apt-plugin\nother\n",
  );
}, 30_000);

test("removing it keeps configuration and data, and leaves no link behind", async () => {
  await must("echo kept >/var/tedge/file; dpkg --remove tebus");
  expect(await must("cat /var/tedge/file; grep -c kept /etc/tedge/tedge.toml")).toBe("kept\n1\n");
  expect(await must("find /usr/bin /lib/systemd/system -name 'tedge*' -o -name 'tebus*' -o -name 'c8y-*'")).toBe("");
  expect(await must("find /usr/bin -xtype l -lname '*tebus'; find /etc/tedge -xtype l")).toBe("");
});

test("purging it removes configuration, data, user and what was added to mosquitto", async () => {
  await must("dpkg --purge tebus");
  expect(await must("ls -d /etc/tedge /var/tedge /var/log/tedge /etc/sudoers.d/tedge 2>/dev/null || true")).toBe("");
  expect(await must("id tedge 2>/dev/null || echo nobody")).toBe("nobody\n");
  await must("cmp /tmp/mosquitto.conf.before /etc/mosquitto/mosquitto.conf");
});
