import { afterAll, beforeAll, expect, test } from "bun:test";
import { VERSION } from "../../../build/version.ts";
import { hostRelease } from "../world/release.ts";
import { type ScratchRoot, scratchRoot } from "../world/scratch-root.ts";

let device: ScratchRoot;

beforeAll(async () => {
  device = await scratchRoot({ bind: { "/release": await hostRelease() } });
  await must(BUILD_REFERENCE);
  await must("dpkg --install /reference/*.deb && systemctl --quiet enable tedge-agent");
  await must(USE_REFERENCE);
}, 120_000);

afterAll(() => device.dispose());

async function must(script: string): Promise<string> {
  const done = await device.sh(script);
  if (done.code !== 0) throw new Error(`${script}\nexit ${done.code}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Packages that hold files, units and scripts in the places where the reference's have them, and one of somebody else that needs it. */
const BUILD_REFERENCE = `
  mkdir -p /reference && cd /reference
  fields() {
    mkdir -p $1/DEBIAN
    printf 'Package: %s\\nVersion: 1.5.1\\nArchitecture: all\\nMaintainer: x <x@x>\\nDescription: x\\n%s' "$1" "$2" >$1/DEBIAN/control
  }
  fields tedge ""
  mkdir -p tedge/usr/bin tedge/etc/tedge/contrib
  printf '#!/bin/sh\\necho tedge 1.5.1\\n' >tedge/usr/bin/tedge && chmod 755 tedge/usr/bin/tedge
  echo sample >tedge/etc/tedge/contrib/sample.conf
  echo /etc/tedge/contrib/sample.conf >tedge/DEBIAN/conffiles
  fields tedge-agent 'Depends: tedge (= 1.5.1)
'
  mkdir -p tedge-agent/usr/bin tedge-agent/lib/systemd/system
  ln -s tedge tedge-agent/usr/bin/tedge-agent
  printf '[Service]\\nExecStart=/usr/bin/tedge-agent\\n[Install]\\nWantedBy=multi-user.target\\n' >tedge-agent/lib/systemd/system/tedge-agent.service
  printf '#!/bin/sh\\nif [ "$1" = remove ]; then deb-systemd-helper mask tedge-agent.service; fi\\n' >tedge-agent/DEBIAN/postrm
  chmod 755 tedge-agent/DEBIAN/postrm
  fields tedge-full 'Depends: tedge (= 1.5.1), tedge-agent (= 1.5.1)
'
  fields somebodys-plugin 'Depends: tedge (>= 1.0)
'
  for name in tedge tedge-agent tedge-full somebodys-plugin; do dpkg-deb --build $name; done`;

const USE_REFERENCE = `
  groupadd --system tedge && useradd --system --gid tedge tedge
  mkdir -p /etc/tedge/.agent /etc/tedge/device-certs /var/tedge/file-transfer
  echo changed >/etc/tedge/contrib/sample.conf
  printf 'config.version = "1"\\n[device]\\ntype = "moved"\\n' >/etc/tedge/tedge.toml
  echo '{}' >/etc/tedge/.agent/entity_store.jsonl
  echo key >/etc/tedge/device-certs/tedge-private-key.pem && chmod 400 /etc/tedge/device-certs/tedge-private-key.pem
  echo file >/var/tedge/file-transfer/file
  chown -R tedge:tedge /etc/tedge /var/tedge`;

const STATE = `
  for file in /etc/tedge/contrib/sample.conf /etc/tedge/.agent/entity_store.jsonl \\
    /etc/tedge/device-certs/tedge-private-key.pem /var/tedge/file-transfer/file; do
    stat -c '%n %U %a' $file; cat $file
  done`;

test("apt exchanges the reference for tebus and leaves what somebody else built on it", async () => {
  const before = await must(STATE);
  await must("apt-get install -y --no-install-recommends /release/*.deb");
  expect(await must("tedge --version")).toBe(`tedge ${VERSION}\n`);
  expect(
    await must(`dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' tebus tedge tedge-agent somebodys-plugin`),
  ).toBe("somebodys-plugin installed\ntebus installed\ntedge config-files\ntedge-agent config-files\n");
  expect(await must(STATE)).toBe(before);
});

test("configuration is found again", async () => {
  expect(await must("tedge config get device.type")).toBe("moved\n");
});

test("the services that were switched on stay so, and are tebus' own", async () => {
  expect(await must("systemctl is-enabled tedge-agent")).toBe("enabled\n");
  expect(
    await must("grep -l tebus $(readlink -f /etc/systemd/system/multi-user.target.wants/tedge-agent.service)"),
  ).toBe("/usr/lib/systemd/system/tedge-agent.service\n");
});

test("the reference can come back, and purging tebus then leaves it its data", async () => {
  const before = await must(STATE);
  await must("apt-get install -y --no-install-recommends /reference/tedge.deb /reference/tedge-agent.deb");
  expect(await must("tedge --version")).toBe("tedge 1.5.1\n");
  await must("dpkg --purge tebus");
  expect(await must(STATE)).toBe(before);
});
