import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { mosquittoPub, mosquittoSub } from "./world/mosquitto-clients.ts";
import { amongDisksOf, onPrivateDisks } from "./world/private-disks.ts";
import { runToEnd } from "./world/program.ts";
import { runTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const AGENT = ["run", "tedge-agent"];
/** More than what is left in the last block of a file, so that it needs a block of its own. */
const LARGE = "x".repeat(6_000);
const FULL = "No space left on device (os error 28)";
const READ_ONLY = "Read-only file system (os error 30)";

/** Starts an agent that sees small disks on directories below the device's, with mount options by directory. */
function startOn(
  disks: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
  config: readonly string[] = [],
): Promise<AgentAtWork> {
  return startAgentAtWork({
    files,
    config,
    prefix: ({ root }) =>
      onPrivateDisks(Object.fromEntries(Object.entries(disks).map(([path, options]) => [join(root, path), options]))),
  });
}

/** Sends a file of so many zeros and gives status and body of the answer. */
async function upload(
  { device, url }: AgentAtWork,
  name: string,
  size: number,
  ...options: readonly string[]
): Promise<string> {
  const source = join(device.root, "tmp/source");
  await writeFile(source, Buffer.alloc(size));
  const command = ["curl", "--silent", ...options, "--upload-file", source, "--write-out", " %{http_code}"];
  return (await runToEnd([...command, `${url}/te/v1/files/${name}`])).stdout;
}

async function postEntity({ url }: AgentAtWork, name: string): Promise<string> {
  const body = JSON.stringify({ "@type": "child-device", "@topic-id": `device/${name}//`, x: LARGE });
  const command = ["curl", "--silent", "--header", "content-type: application/json", "--data-binary", body];
  return (await runToEnd([...command, "--write-out", " %{http_code}", `${url}/te/v1/entities`])).stdout;
}

function register({ broker }: AgentAtWork, name: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const registration = JSON.stringify({ "@type": "child-device", ...more });
  return mosquittoPub(broker, `te/device/${name}//`, registration, { retain: true });
}

async function isRegistered({ url }: AgentAtWork, name: string): Promise<boolean> {
  return (await curl(`${url}/te/v1/entities`)).includes(`"device/${name}//"`);
}

describe("a disk that is full", () => {
  test("answers 507 to an upload larger than the room, leaves nothing of it, and keeps the old file", async () => {
    await using agent = await startOn({ data: "size=600k" }, {}, ['files.max_total = "10M"']);
    const { pid } = agent.agent;
    const inStore = (command: string) =>
      amongDisksOf(pid, `cd ${join(agent.device.dataDir, "file-transfer")}\n${command}`);
    expect(await upload(agent, "old", 200_000)).toBe(" 201");
    for (const chunked of [[], ["--header", "transfer-encoding: chunked"]]) {
      expect(await upload(agent, "old", 2_000_000, ...chunked)).toBe("Not enough disk space 507");
      expect(await upload(agent, "new/directory/name", 2_000_000, ...chunked)).toBe("Not enough disk space 507");
    }
    expect(await inStore("find . -mindepth 1; stat -c %s old")).toBe("./old\n200000\n");
    for (const name of ["old", "new/directory/name"]) {
      const told = linesWith(agent.agent.stderr(), `Request to upload to "${name}" failed: `);
      expect(told).toHaveLength(2);
      for (const line of told) expect(line).toMatch(/The disk has no \S+ [KM]iB left beside what it has to keep free$/);
    }
    await expectAtWork(agent);
    await inStore("rm old");
    expect(await upload(agent, "new/directory/name", 300_000)).toBe(" 201");
  });

  test("is told once, while the agent works on and refuses over HTTP what it cannot keep; with room, everything gets on it", async () => {
    await using agent = await startOn({ state: "size=64k" });
    const inState = (command: string) =>
      amongDisksOf(agent.agent.pid, `cd ${join(agent.device.root, "state")}\n${command}`);
    await register(agent, "before");
    await waitUntil("it is on disk", async () => (await inState("cat entity_store.jsonl")).includes("device/before//"));
    await inState("dd if=/dev/zero of=fill bs=1k 2>/dev/null || true");
    await register(agent, "large", { x: LARGE });
    await waitUntil("it is registered", () => isRegistered(agent, "large"));
    await register(agent, "small");
    await mosquittoPub(agent.broker, "te/device/sender///m/t", '{"a":1}');
    await waitUntil(
      "all are registered",
      async () => (await isRegistered(agent, "small")) && (await isRegistered(agent, "sender")),
    );
    expect(await postEntity(agent, "refused")).toBe(
      '{"error":"The change was refused, since the entity store cannot be written"} 500',
    );
    await expectAtWork(agent);
    const path = join(agent.device.root, "state/entity_store.jsonl");
    const told = `Registrations are kept in memory only: Cannot write ${path}: ${FULL}. Make room or give write access; trying again`;
    expect(linesWith(agent.agent.stderr(), "ERROR").map((line) => line.replace(/^.*twin: /, ""))).toEqual([told]);
    await inState("rm fill");
    await agent.agent.waitForLog(`${path} is complete again`, 20_000);
    const journal = await inState("cat entity_store.jsonl");
    const names = ["before", "large", "small", "sender", "refused"];
    expect(names.filter((name) => journal.includes(`te/device/${name}//`))).toEqual([
      "before",
      "large",
      "small",
      "sender",
    ]);
    expect(journal).toContain(LARGE);
    expect(await postEntity(agent, "refused")).toEndWith(" 201");
    await expectAtWork(agent);
  });

  test("makes a command fail with the reason; with room, the next one is executed", async () => {
    const workflow = [
      'operation = "hello"',
      "[init]",
      'action = "proceed"',
      'on_success = "successful"',
      "[successful]",
      'action = "cleanup"',
      "[failed]",
      'action = "cleanup"',
    ];
    await using agent = await startOn(
      { state: "size=64k" },
      { "operations/hello.toml": `${workflow.join("\n")}\n#${LARGE}\n` },
    );
    const inState = (command: string) =>
      amongDisksOf(agent.agent.pid, `cd ${join(agent.device.root, "state")}\n${command}`);
    await using commands = await mosquittoSub(agent.broker, ["te/device/main///cmd/hello/+"]);
    const ask = (id: string) =>
      mosquittoPub(agent.broker, `te/device/main///cmd/hello/${id}`, '{"status":"init"}', { retain: true });
    await inState("dd if=/dev/zero of=fill bs=1k 2>/dev/null || true");
    await ask("1");
    const failed = await commands.next("te/device/main///cmd/hello/1", /failed/);
    expect(JSON.parse(failed.payload)).toMatchObject({
      status: "failed",
      reason: `The command cannot be stored: ${FULL}`,
    });
    expect(linesWith(agent.agent.stderr(), "Command refused: te/device/main///cmd/hello/1: ")[0]).toEndWith(FULL);
    await expectAtWork(agent);
    await inState("rm fill");
    await ask("2");
    await commands.next("te/device/main///cmd/hello/2", /"status":"successful"/);
    await expectAtWork(agent);
  });

  test("takes no setting and says so, and the file is as it was", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    const etc = device.configDir;
    const saved = await device.read("etc/tedge.toml");
    await writeFile(join(device.root, "tmp/tedge.toml"), saved);
    const prefix = [
      ...(await onPrivateDisks({ [etc]: "size=16k" })),
      ...[
        "sh",
        "-euc",
        'cp "$1" "$2"; dd if=/dev/zero of="$2/fill" bs=1k 2>/dev/null || true; shift 2; "$@" || code=$?; cat "$TEDGE_CONFIG_DIR/tedge.toml"; exit $code',
        "sh",
      ],
      ...[join(device.root, "tmp/tedge.toml"), etc],
    ];
    const { code, stdout, stderr } = await runTebus(["config", "set", "device.type", "x"], { configDir: etc, prefix });
    expect([code, stdout]).toEqual([1, saved]);
    expect(stderr).toEndWith(
      "Error: failed to set the configuration key: 'device.type' with value: x.\n\n" +
        `Caused by:\n    0: Cannot write ${etc}/tedge.toml\n    1: ${FULL}\n`,
    );
  });

  test("that standard output goes to makes a command fail instead of losing its output in silence", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    const prefix = ["sh", "-c", 'exec "$@" >/dev/full', "sh"];
    const { code, stderr } = await runTebus(["config", "list"], { ...device, prefix });
    expect([code, stderr]).toEqual([1, `Error: cannot write to standard output: ${FULL}\n`]);
  });
});

describe("a state directory that is read-only", () => {
  test("makes the agent keep its state beside its configuration, and say so and why", async () => {
    await using agent = await startOn({ state: "ro" });
    const [state, fallback] = [join(agent.device.root, "state"), join(agent.device.configDir, ".agent")];
    expect(linesWith(agent.agent.stderr(), " WARN ").map((line) => line.replace(/^.*WARN /, ""))).toEqual([
      `tedge_agent: The agent's state is kept in ${fallback}, since agent.state.path cannot be used: Cannot write in ${state}: ${READ_ONLY}`,
    ]);
    await expectAtWork(agent);
    expect(await agent.device.read("etc/.agent/entity_store.jsonl")).toContain("device/works-");
  });

  test("and no other place to keep it end the agent with 1: an error names both, the reason and what to do", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    const [state, fallback] = [join(device.root, "state"), join(device.configDir, ".agent")];
    await runToEnd(["mkdir", fallback]);
    const prefix = await onPrivateDisks({ [state]: "ro", [fallback]: "ro" });
    const { code, stderr } = await runTebus(AGENT, { ...device, prefix });
    expect(code).toBe(1);
    expect(stderr).toContain(
      `ERROR tedge_agent: agent.state.path cannot be used: Cannot write in ${state}: ${READ_ONLY}\n`,
    );
    expect(stderr).toContain(
      `The agent cannot keep its state: make agent.state.path a directory that the agent can write in: Cannot write in ${fallback}: ${READ_ONLY}\n`,
    );
  });

  test("that becomes so while the agent runs is told, and what came meanwhile is on disk when it is writable again", async () => {
    await using agent = await startOn({ state: "size=1m" });
    const state = join(agent.device.root, "state");
    const inside = (script: string) => amongDisksOf(agent.agent.pid, script);
    await inside(`mount -o remount,bind,ro ${state}`);
    await register(agent, "meanwhile");
    const path = join(state, "entity_store.jsonl");
    await agent.agent.waitForLog(`Registrations are kept in memory only: Cannot write ${path}: ${READ_ONLY}`);
    await expectAtWork(agent);
    await inside(`mount -o remount,bind,rw ${state}`);
    await agent.agent.waitForLog(`${path} is complete again`);
    expect(await inside(`cat ${path}`)).toContain("te/device/meanwhile//");
    await expectAtWork(agent);
  });

  test("and other directories that are: data ends the agent with 1, locks are done without", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    const prefix = await onPrivateDisks({ [device.dataDir]: "ro" });
    const { code, stderr } = await runTebus(AGENT, { ...device, prefix });
    expect(code).toBe(1);
    expect(stderr).toContain(`supervisor: crashed; Cannot make the directory ${device.dataDir}/cache: ${READ_ONLY}\n`);
    await using agent = await startOn({ run: "ro", log: "ro" });
    const lock = join(agent.device.root, "run/lock/tedge-agent.lock");
    expect(agent.agent.stderr()).toContain(
      `WARN supervisor: Cannot create the lock file ${lock}: No such file or directory (os error 2); going on without it\n`,
    );
    await expectAtWork(agent);
  });
});
