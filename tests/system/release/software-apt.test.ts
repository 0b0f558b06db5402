import { afterAll, beforeAll, expect, test } from "bun:test";
import { type BusProbe, connectProbe } from "../world/bus-probe.ts";
import { freePort } from "../world/free-port.ts";
import { type Mosquitto, startMosquitto } from "../world/mosquitto.ts";
import { hostRelease } from "../world/release.ts";
import { runCommand } from "../world/run-command.ts";
import { type ScratchRoot, scratchRoot } from "../world/scratch-root.ts";
import { waitUntil } from "../world/wait-until.ts";

/** A Debian device with tebus' package, whose agent runs as user `tedge` with the package's sudo rules, and a repository of its own. */
let device: ScratchRoot;
let broker: Mosquitto;
let url: string;

const LIMIT = 90_000;

beforeAll(async () => {
  broker = await startMosquitto();
  device = await scratchRoot({ bind: { "/release": await hostRelease() } });
  const httpPort = await freePort();
  url = `http://127.0.0.1:${httpPort}/te/v1/files`;
  await must("dpkg --install /release/*.deb");
  const settings = {
    "mqtt.client.port": broker.port,
    "http.bind.port": httpPort,
    "http.client.port": httpPort,
    "tmp.path": "/var/tedge",
    "apt.name": "sample.*",
  };
  for (const [key, value] of Object.entries(settings)) await must(`tedge config set ${key} '${value}'`);
  await must(`
    rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
    echo 'deb [trusted=yes] file:/repository ./' >/etc/apt/sources.list
    mkdir /repository; touch /repository/Packages`);
  await addPackage("sample", "1.0-1");
  await startAgent();
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

async function startAgent(): Promise<void> {
  await must(
    "(code=0; runuser -u tedge -- tedge-agent || code=$?; echo $code >/tmp/agent.code) >>/tmp/agent.log 2>&1 </dev/null &",
  );
  const isUp = async () => (await device.sh(`curl -fs ${url}/../entities/device/main//`)).code === 0;
  await waitUntil("the agent is up", isUp, { timeout: 30_000 });
}

/** Builds a package and puts it into the repository. */
async function addPackage(name: string, version: string, postinst = ":"): Promise<void> {
  await must(`
    tree=$(mktemp -d); chmod 755 "$tree"; mkdir -p "$tree/DEBIAN" "$tree/etc"
    printf 'Package: ${name}\\nVersion: ${version}\\nArchitecture: all\\nMaintainer: Test <t@example.org>\\nDescription: test\\n' >"$tree/DEBIAN/control"
    printf '#!/bin/sh\\nset -e\\n%s\\n' '${postinst}' >"$tree/DEBIAN/postinst"; chmod 755 "$tree/DEBIAN/postinst"
    echo 'from ${version}' >"$tree/etc/${name}.conf"; echo /etc/${name}.conf >"$tree/DEBIAN/conffiles"
    file=${name}_${version}_all.deb
    dpkg-deb --root-owner-group --build "$tree" "/repository/$file" >/dev/null
    { dpkg-deb --field "/repository/$file"; echo "Filename: ./$file"; echo "Size: $(stat -c %s "/repository/$file")"
      echo "SHA256: $(sha256sum "/repository/$file" | cut -d ' ' -f 1)"; echo; } >>/repository/Packages
    rm -rf "$tree"`);
}

type Module = Readonly<Record<string, string>>;

async function update(...modules: readonly Module[]): Promise<Readonly<Record<string, unknown>>> {
  return runCommand({ broker }, "software_update", { updateList: [{ type: "apt", modules }] }, LIMIT);
}

async function installed(name: string): Promise<string> {
  return (
    await must(`dpkg-query --showformat='\${db:Status-Status} \${Version}' --show ${name} 2>/dev/null || echo none`)
  ).trim();
}

async function temporaryFiles(): Promise<string> {
  return must("ls -A /var/tedge /tmp | grep -E 'sample|tedge-apt' || true");
}

test("the plugin for deb is there after the installation, and is the default", async () => {
  await using probe = await connectProbe(broker.port, ["te/device/main///cmd/+"]);
  const types =
    (operation: string) =>
    ({ topic, payload }: { topic: string; payload: string }) =>
      topic.endsWith(`/${operation}`) && payload === '{"types":["apt"]}';
  await probe.waitFor("software_list is told", types("software_list"));
  await probe.waitFor("software_update is told", types("software_update"));
  expect(await must("tedge config get software.plugin.default")).toBe("apt\n");
});

test(
  "a package is installed in a certain version, then upgraded, then downgraded",
  async () => {
    const states: unknown[] = [];
    expect(await update({ name: "sample", version: "1.0-1", action: "install" })).toMatchObject({
      status: "successful",
    });
    states.push(await installed("sample"));
    await addPackage("sample", "2.0-1");
    expect(await update({ name: "sample", version: "latest", action: "install" })).toMatchObject({
      status: "successful",
    });
    states.push(await installed("sample"));
    const done = await update({ name: "sample", version: "1.0-1", action: "install" });
    expect(done).toMatchObject({ status: "successful" });
    states.push(await installed("sample"));
    expect(states).toEqual(["installed 1.0-1", "installed 2.0-1", "installed 1.0-1"]);
    const log = await must(`cat '${done.logPath}'`);
    expect(log).toContain('----- $ sudo "-n" "/etc/tedge/sm-plugins/apt" "update-list"\nExit status: 0 (OK)');
    expect(log).toContain('Executing command: "apt-get" "--quiet" "--yes"');
  },
  LIMIT,
);

test(
  "a changed configuration file is kept, or replaced where the setting says so",
  async () => {
    await must("echo mine >/etc/sample.conf");
    await update({ name: "sample", version: "2.0-1", action: "install" });
    expect(await must("cat /etc/sample.conf")).toBe("mine\n");
    await must("tedge config set apt.dpkg.options.config keepnew");
    await update({ name: "sample", version: "1.0-1", action: "install" });
    expect(await must("cat /etc/sample.conf")).toBe("from 1.0-1\n");
  },
  LIMIT,
);

test(
  "the list has what the filter leaves, with versions",
  async () => {
    const done = await runCommand({ broker }, "software_list", {}, LIMIT);
    expect(done).toMatchObject({
      status: "successful",
      currentSoftwareList: [{ type: "apt", modules: [{ name: "sample", version: "1.0-1" }] }],
    });
  },
  LIMIT,
);

test(
  "a package that nobody has fails with what apt says, and nothing of the same request is done",
  async () => {
    const done = await update(
      { name: "sample", version: "2.0-1", action: "install" },
      { name: "no-such-package", action: "install" },
    );
    expect(done).toMatchObject({ status: "failed", failures: [{ type: "apt", modules: [] }] });
    expect(done.reason).toBe(
      `Failed to execute updates for "apt": E: Unable to locate package no-such-package, see device log file ${done.logPath}`,
    );
    expect(await installed("sample")).toBe("installed 1.0-1");
  },
  LIMIT,
);

test(
  "a package is fetched from an URL and installed, whatever it is called there",
  async () => {
    await must(`curl -fs --upload-file /repository/sample_2.0-1_all.deb ${url}/download`);
    const module = { name: "sample", version: "2.0-1", url: `${url}/download`, action: "install" };
    expect(await update(module)).toMatchObject({ status: "successful" });
    expect(await installed("sample")).toBe("installed 2.0-1");
    const wrong = await update({ ...module, version: "3.0-1" });
    expect(wrong.status).toBe("failed");
    expect(wrong.reason).toContain(
      "ERROR: Validation of /var/tedge/sample_3.0-1 metadata failed, expected value for the Version is 2.0-1, but provided 3.0-1",
    );
    const missing = await update({ ...module, url: `${url}/nothing` });
    expect(missing.reason).toStartWith('DownloadError error: "HTTP status client error (404 Not Found)');
    expect(await temporaryFiles()).toBe("");
  },
  LIMIT,
);

test(
  "a package is removed, but not in another version than the one that is installed",
  async () => {
    const wrong = await update({ name: "sample", version: "1.0-1", action: "remove" });
    expect(wrong.reason).toContain("expected value for the Version is 2.0-1, but provided 1.0-1");
    expect(await update({ name: "sample", version: "2.0-1", action: "remove" })).toMatchObject({
      status: "successful",
    });
    expect(await installed("sample")).toStartWith("config-files");
  },
  LIMIT,
);

/** Starts an update whose package takes its time in the middle of being configured. */
async function beginSlowUpdate(probe: BusProbe, id: string): Promise<string> {
  const topic = `te/device/main///cmd/software_update/${id}`;
  const modules = [{ name: "sample-slow", action: "install" }];
  const request = { status: "init", updateList: [{ type: "default", modules }] };
  await probe.publish(topic, JSON.stringify(request), { retain: true });
  await waitUntil(
    "the package is being configured",
    async () => (await device.sh("test -e /tmp/configuring")).code === 0,
    {
      timeout: LIMIT,
    },
  );
  await must("rm /tmp/configuring");
  return topic;
}

const isConfiguring = async () => (await device.sh("pgrep -f 'sample-[s]low.postinst'")).code === 0;

test(
  "clearing a command ends what runs as root for it, and the next command repairs what was broken off",
  async () => {
    await addPackage("sample-slow", "1.0", "touch /tmp/configuring; until [ -e /tmp/quick ]; do sleep 0.1; done");
    await using probe = await connectProbe(broker.port, ["te/device/main///cmd/software_update/+"]);
    const topic = await beginSlowUpdate(probe, "cleared");
    await probe.publish(topic, "", { retain: true });
    await waitUntil("nothing is being configured", async () => !(await isConfiguring()), { timeout: 30_000 });
    expect(await must("pgrep -x apt-get || true")).toBe("");
    await must("touch /tmp/quick");
    expect(await update({ name: "sample", action: "install" })).toMatchObject({ status: "successful" });
    expect(await installed("sample-slow")).toBe("installed 1.0");
    const statuses = probe.messages.filter((message) => message.topic === topic).map(({ payload }) => payload);
    expect(statuses.at(-1)).toBe("");
    await must("rm -f /tmp/quick /tmp/configuring; dpkg --purge sample-slow");
  },
  LIMIT,
);

test(
  "an update during which the agent was killed fails at the next start and is not done again",
  async () => {
    await using probe = await connectProbe(broker.port, ["te/device/main///cmd/software_update/+"]);
    const topic = await beginSlowUpdate(probe, "killed");
    await must("pkill -KILL -f '^tedge-agent'; pkill -f 'sample-[s]low.postinst'; sleep 0.1; dpkg --purge sample-slow");
    await startAgent();
    const isFailed = (message: { topic: string; payload: string }) =>
      message.topic === topic && message.payload.includes('"status":"failed"');
    const failed = await probe.waitFor("it fails", isFailed, LIMIT);
    expect(JSON.parse(failed.payload).reason).toBe("Software Update command cancelled due to unexpected agent restart");
    expect(await installed("sample-slow")).toBe("none");
    await probe.publish(topic, "", { retain: true });
  },
  LIMIT,
);

/** Exit code of the agent once it has ended. */
function ended(): Promise<string> {
  const look = async () => (await device.sh("cat /tmp/agent.code")).stdout || undefined;
  return waitUntil("the agent has ended", look, { timeout: 60_000 });
}

test(
  "the agent lets a package manager come to its end when it is stopped",
  async () => {
    await must("rm -f /tmp/agent.code");
    await using probe = await connectProbe(broker.port, ["te/device/main///cmd/software_update/+"]);
    const topic = await beginSlowUpdate(probe, "stopped");
    await must("pkill -TERM -f '^tedge-agent'; sleep 0.5; touch /tmp/quick");
    const isDone = (message: { topic: string; payload: string }) =>
      message.topic === topic && message.payload.includes('"status":"successful"');
    await probe.waitFor("it is successful", isDone, LIMIT);
    expect(await ended()).toBe("0\n");
    expect(await installed("sample-slow")).toBe("installed 1.0");
    await probe.publish(topic, "", { retain: true });
  },
  LIMIT,
);

test(
  "an agent that was itself updated ends with an error five seconds after the operation, to be started anew",
  async () => {
    await must("rm -f /tmp/agent.code");
    await startAgent();
    const program = "#!/bin/sh\\necho tedge-agent 99.0.0\\n";
    await addPackage(
      "sample-self",
      "1.0",
      `rm /usr/bin/tedge-agent; printf "${program}" >/usr/bin/tedge-agent; chmod 755 /usr/bin/tedge-agent`,
    );
    expect(await update({ name: "sample-self", action: "install" })).toMatchObject({ status: "successful" });
    expect((await device.sh("test -e /tmp/agent.code")).code).toBe(1);
    expect(await ended()).toBe("1\n");
    expect(await must("cat /tmp/agent.log")).toContain("tedge-agent 99.0.0 was installed over");
  },
  LIMIT,
);
