import { afterAll, beforeAll, expect, test } from "bun:test";
import { connectProbe } from "../world/bus-probe.ts";
import { freePort } from "../world/free-port.ts";
import { type Mosquitto, startMosquitto } from "../world/mosquitto.ts";
import { hostRelease } from "../world/release.ts";
import { runCommand } from "../world/run-command.ts";
import { type ScratchRoot, scratchRoot } from "../world/scratch-root.ts";
import { waitUntil } from "../world/wait-until.ts";

/** A device with the package, whose agent runs as user `tedge` with the package's sudo rules. */
let device: ScratchRoot;
let broker: Mosquitto;
let url: string;

beforeAll(async () => {
  broker = await startMosquitto();
  device = await scratchRoot({ bind: { "/release": await hostRelease() } });
  const httpPort = await freePort();
  url = `http://127.0.0.1:${httpPort}/te/v1/files`;
  const settings = {
    "mqtt.client.port": broker.port,
    "http.bind.port": httpPort,
    "http.client.port": httpPort,
    "tmp.path": "/var/tedge",
  };
  await must("dpkg --install /release/*.deb");
  for (const [key, value] of Object.entries(settings)) await must(`tedge config set ${key} ${value}`);
  await must(`cat >/etc/tedge/plugins/tedge-configuration-plugin.toml <<'END'
[[files]]
path = "/etc/app/secret.conf"
type = "secret"
user = "daemon"
group = "adm"
mode = 0o640
parent_mode = 0o750
END`);
  await must("runuser -u tedge -- tedge-agent >/tmp/agent.log 2>&1 </dev/null &");
  await waitUntil(
    "the agent is up",
    async () => (await device.sh(`curl -fs ${url}/../entities/device/main//`)).code === 0,
  );
}, 180_000);

afterAll(async () => {
  await device.dispose();
  await broker.dispose();
});

/** Runs a script inside that must succeed, and gives what it printed. */
async function must(script: string): Promise<string> {
  const done = await device.sh(script);
  if (done.code !== 0) throw new Error(`${script}\nexit ${done.code}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

test("an update makes a file that belongs to another user, in a directory that did not exist", async () => {
  await must(`printf 'first\\n' >/tmp/new; curl -fs --upload-file /tmp/new ${url}/new`);
  const done = await runCommand(
    { broker },
    "config_update",
    { type: "secret", remoteUrl: `${url}/new`, serverUrl: "" },
    30_000,
  );
  expect(done).toMatchObject({ status: "successful" });
  expect(await must("stat -c '%U:%G %a' /etc/app/secret.conf /etc/app; cat /etc/app/secret.conf")).toBe(
    "daemon:adm 640\ndaemon:adm 750\nfirst\n",
  );
}, 60_000);

test("a snapshot reads a file that its agent may not read", async () => {
  expect((await device.sh("runuser -u tedge -- cat /etc/app/secret.conf")).code).not.toBe(0);
  const done = await runCommand({ broker }, "config_snapshot", { type: "secret" }, 30_000);
  expect(done).toMatchObject({ status: "successful" });
  expect(await must(`curl -fs '${done.tedgeUrl}'`)).toBe("first\n");
  await waitUntil("nothing temporary is left", async () => (await must("ls /var/tedge | grep config_ || true")) === "");
}, 60_000);

test("an update keeps owner and mode of a file that is there", async () => {
  await must(`chown root:games /etc/app/secret.conf; chmod 604 /etc/app/secret.conf`);
  await must(`printf 'second\\n' >/tmp/new; curl -fs --upload-file /tmp/new ${url}/new`);
  const done = await runCommand(
    { broker },
    "config_update",
    { type: "secret", remoteUrl: `${url}/new`, serverUrl: "" },
    30_000,
  );
  expect(done).toMatchObject({ status: "successful" });
  expect(await must("stat -c '%U:%G %a' /etc/app/secret.conf; cat /etc/app/secret.conf")).toBe(
    "root:games 604\nsecond\n",
  );
}, 60_000);

test("the plugin without root's rights writes by tedge-write, which sudo allows below /etc", async () => {
  await must("rm -r /etc/app; printf 'third\\n' >/var/tedge/new");
  await must("runuser -u tedge -- tedge-file-config-plugin set secret /var/tedge/new --work-dir /var/tedge");
  expect(await must("stat -c '%U:%G %a' /etc/app/secret.conf /etc/app; cat /etc/app/secret.conf")).toBe(
    "daemon:adm 640\ndaemon:adm 750\nthird\n",
  );
  await must("printf 'fourth\\n' >/var/tedge/new");
  await must("runuser -u tedge -- tedge-file-config-plugin set secret /var/tedge/new --work-dir /var/tedge");
  expect(await must("cat /etc/app/secret.conf; ls -A /etc/app")).toBe("fourth\nsecret.conf\n");
});

test("what sudo does not allow fails with what it said", async () => {
  await must(`cat >/etc/tedge/plugins/tedge-configuration-plugin.toml <<'END'
files = [ { path = "/usr/lib/app.conf", type = "app" } ]
END`);
  const done = await device.sh(
    "runuser -u tedge -- tedge-file-config-plugin set app /var/tedge/new --work-dir /var/tedge",
  );
  expect(done.code).toBe(1);
  expect(done.stderr).toContain(
    "failed to deploy config file from '/var/tedge/new' to '/usr/lib/app.conf': sudo -n /usr/bin/tedge-write",
  );
  expect(done.stderr).toContain("sudo: a password is required");
  await using probe = await connectProbe(broker.port, ["te/device/main///cmd/config_update"]);
  await probe.waitFor(
    "the new type is told",
    ({ payload }) => payload === '{"types":["app","tedge-configuration-plugin"]}',
  );
});
