import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { mosquittoPub } from "./world/mosquitto-clients.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { waitUntil } from "./world/wait-until.ts";

const WORKFLOW = `operation = "greet"
[init]
action = "proceed"
on_success = "executing"
[executing]
script = "sh -c \${.payload.script}"
on_success = "successful"
`;

let at: AgentAtWork;

beforeAll(async () => {
  at = await startAgentAtWork({
    async prepare(device) {
      await mkdir(join(device.configDir, "operations"), { recursive: true });
      await writeFile(join(device.configDir, "operations/greet.toml"), WORKFLOW);
    },
  });
});

afterAll(() => at[Symbol.asyncDispose]());

const tedge = (...args: string[]) => runTebus(args, { configDir: at.device.configDir });
const greet = (script: string, ...args: string[]) =>
  tedge("operation", "run", "greet", "--input", JSON.stringify({ script }), "--json", ...args);

test("an operation is run to its success, told state by state", async () => {
  const say = `echo :::begin-tedge:::; echo '{"said":"hello"}'; echo :::end-tedge:::`;
  const { code, stdout, stderr } = await greet(say, "--follow", "--id", "hello");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ status: "successful", said: "hello" });
  expect(stderr.replace(/^ *[\d.]+ s {2}/gm, "")).toBe("init\nexecuting\nsuccessful\n");
});

test("a failure gives another exit code and its reason", async () => {
  const { code, stderr } = await greet("exit 7");
  expect(code).toBe(3);
  expect(stderr).toContain("sh returned exit code 7");
});

test("an operation that nobody offers is refused with those that are", async () => {
  const { code, stderr } = await tedge("operation", "run", "dance");
  expect(code).toBe(1);
  expect(stderr).toMatch(/device\/main\/\/ does not offer the operation dance, but .*greet/);
});

test("a command that runs is listed, shown with its times, and cancelled with what it runs", async () => {
  const marker = join(at.device.root, "marker");
  const running = greet(`echo $$ > ${marker}; sleep 60; echo done >> ${marker}`, "--id", "long");
  const pid = await waitUntil("the script runs", async () => {
    return (
      (
        await Bun.file(marker)
          .text()
          .catch(() => "")
      ).trim() || undefined
    );
  });
  const listed = await tedge("operation", "list");
  expect(listed.stdout).toMatch(/^device\/main\/\/ +greet +long +executing +[\d.]+ s$/m);
  const shown = JSON.parse((await tedge("operation", "show", "long", "--json")).stdout);
  expect(shown.states.map(({ state }: { readonly state: string }) => state)).toEqual(["init", "executing"]);
  const cancelled = await tedge("operation", "cancel", "long");
  expect([cancelled.code, cancelled.stdout]).toEqual([0, expect.stringContaining("cleared, it was executing")]);
  const { code, stderr } = await running;
  expect([code, stderr]).toEqual([3, expect.stringContaining("Somebody took the command back")]);
  await waitUntil("the script has ended", () => !isAlive(Number(pid)));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a workflow is checked, gone through and drawn without any agent", async () => {
  const file = join(at.device.configDir, "operations/greet.toml");
  const checked = await tedge("workflow", "validate", file);
  expect([checked.code, checked.stdout]).toEqual([0, `${file}: valid (operation greet)\n`]);
  const tried = await tedge("workflow", "test", file, "--cmd", '{"script":"exit 1"}', "--exit", "executing=5");
  expect([tried.code, tried.stdout]).toEqual([3, expect.stringContaining("$ sh -c 'exit 1'  (exit 5)")]);
  const really = await tedge("workflow", "test", file, "--cmd", '{"script":"exit 6"}', "--exec");
  expect([really.code, really.stdout]).toEqual([3, expect.stringContaining("$ sh -c 'exit 6'  (exit 6)")]);
  const drawn = await tedge("workflow", "graph", file);
  expect([drawn.code, drawn.stdout]).toEqual([0, expect.stringContaining("┌─ executing ─")]);
});

test("commands of every device are told over HTTP, those that ended after a restart of the agent too", async () => {
  await greet("exit 7", "--id", "told");
  await mosquittoPub(at.broker, "te/device/child///cmd/x/9", '{"status":"executing"}', { retain: true });
  const running = `${at.url}/te/v1/operations?device=device/child`;
  await waitUntil("the command of the child is told", async () => (await curl(running)).includes('"id":"9"'));
  const told = JSON.parse(await curl(`${at.url}/te/v1/operations/greet/told`));
  expect(told).toMatchObject({ status: "failed", reason: "sh returned exit code 7", ended: expect.any(Number) });
  await at.agent.stop();
  await using again = await startTebus(["run", "tedge-agent"], { configDir: at.device.configDir });
  const after = await waitUntil("it is told again", () =>
    curl(`${at.url}/te/v1/operations/greet/told`).catch(() => undefined),
  );
  expect([again.pid > 0, JSON.parse(after)]).toEqual([true, told]);
});
