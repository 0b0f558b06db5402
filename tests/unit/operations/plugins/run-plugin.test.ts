import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSudo } from "../../../../src/base/sudo.ts";
import { pluginFailure } from "../../../../src/operations/plugins/plugin-end.ts";
import { runPlugin, streamPlugin } from "../../../../src/operations/plugins/run-plugin.ts";
import { waitUntil } from "../../../system/world/wait-until.ts";
import { PluginFolder } from "./plugin-folder.ts";

let folder: PluginFolder;

beforeEach(() => {
  folder = new PluginFolder();
});

afterEach(() => folder.dispose());

const never = new AbortController().signal;

function plugin(script: string) {
  return { name: "p", path: folder.add("p", script) };
}

test("a plugin runs in the temporary directory with its arguments as they are", async () => {
  const end = await runPlugin(
    plugin('pwd; printf "%s|" "$@"'),
    { args: ["get", "a b", "$HOME"], signal: never },
    folder.tools(),
  );
  expect(end.kind === "done" && new TextDecoder().decode(end.stdout)).toBe(`${folder.tmp}\nget|a b|$HOME|`);
});

test("a plugin reads its standard input, and one that does not is no failure", async () => {
  const reads = await runPlugin(plugin("cat"), { args: [], stdin: "install\ta\t\t\n", signal: never }, folder.tools());
  expect(reads.kind === "done" && new TextDecoder().decode(reads.stdout)).toBe("install\ta\t\t\n");
  const stdin = "x".repeat(500_000);
  expect((await runPlugin(plugin("exit 0"), { args: [], stdin, signal: never }, folder.tools())).kind).toBe("done");
  const without = await runPlugin(plugin("cat"), { args: [], signal: never }, folder.tools());
  expect(without.kind === "done" && without.stdout.length).toBe(0);
});

test("the reason of a failure is what the plugin said on stderr, else its exit code", async () => {
  const told = await runPlugin(
    plugin("echo ' no such thing ' >&2; exit 2"),
    { args: [], signal: never },
    folder.tools(),
  );
  expect(told).toEqual({ kind: "exit", code: 2, stderr: " no such thing \n" });
  expect(pluginFailure(told)).toBe("no such thing");
  const silent = await runPlugin(plugin("exit 7"), { args: [], signal: never }, folder.tools());
  expect(pluginFailure(silent)).toBe("exit code 7");
  const killed = await runPlugin(plugin("kill -9 $$"), { args: [], signal: never }, folder.tools());
  expect(pluginFailure(killed)).toBe("killed by signal 9");
});

test("a file that cannot be executed is a failure with a reason", async () => {
  const path = join(folder.plugins, "text");
  writeFileSync(path, "no program");
  const end = await runPlugin({ name: "text", path }, { args: ["list"], signal: never }, folder.tools());
  expect(end.kind).toBe("not-launched");
  expect(pluginFailure(end)).toContain(`Cannot run ${path}: Permission denied (os error 13)`);
});

test("a plugin that takes too long is ended with what it started, and its reason tells the limit", async () => {
  const script = `sleep 600 & echo $! >child; wait`;
  const end = await runPlugin(plugin(script), { args: [], signal: never, timeout: 300 }, folder.tools());
  expect(end).toEqual({ kind: "killed", signal: 15, limit: 300 });
  expect(pluginFailure(end)).toBe("still running after 0.3 s");
  const child = readFileSync(join(folder.tmp, "child"), "utf8").trim();
  await waitUntil("the child of the plugin is gone", () => !isRunning(child));
});

test("aborting the call ends the plugin", async () => {
  const cancel = new AbortController();
  const running = runPlugin(plugin("echo x >started; sleep 600"), { args: [], signal: cancel.signal }, folder.tools());
  await waitUntil("the plugin runs", () => existsSync(join(folder.tmp, "started")));
  cancel.abort();
  expect((await running).kind).toBe("aborted");
  const late = await runPlugin(plugin("exit 0"), { args: [], signal: cancel.signal }, folder.tools());
  expect(late.kind).toBe("aborted");
});

test("the operation log tells the command line, how it ended and what it said", async () => {
  const path = folder.add("p", "echo out; echo err >&2; exit 3");
  const lines: string[] = [];
  const call = { args: ["install", 'a "b"'], signal: never, logOutput: (text: string) => lines.push(text) };
  await runPlugin({ name: "p", path }, call, folder.tools());
  expect(lines.join("")).toBe(
    `\n----- $ ${path} "install" "a \\"b\\""\nExit status: 3 (ERROR)\n\nstderr <<EOF\nerr\nEOF\n\nstdout <<EOF\nout\nEOF\n`,
  );
});

test("the operation log does not repeat a secret standard output, and long ones only in part", async () => {
  const lines: string[] = [];
  const logOutput = (text: string) => lines.push(text);
  await runPlugin(plugin("echo password"), { args: ["get"], signal: never, logOutput, secret: true }, folder.tools());
  expect(lines.join("")).toContain("stdout (NOT LOGGED)");
  expect(lines.join("")).not.toContain("password");
  await runPlugin(
    plugin("head -c 300000 /dev/zero | tr '\\0' x"),
    { args: [], signal: never, logOutput },
    folder.tools(),
  );
  expect(lines.join("").length).toBeLessThan(270_000);
  expect(lines.join("")).toContain("... 37856 more bytes ...");
});

test("sudo comes before the plugin where it is enabled and in the path", async () => {
  const bin = folder.directory("bin");
  folder.add("sudo", 'echo "sudo $*"', bin);
  const sudo = createSudo({ enabled: true, path: bin });
  const path = folder.add("p", "echo plain");
  const exec: ReturnType<PluginFolder["tools"]>["exec"] = (program, args, options) =>
    folder.tools().exec(program === "sudo" ? join(bin, "sudo") : program, args, options);
  const end = await runPlugin({ name: "p", path }, { args: ["list"], signal: never }, folder.tools({ sudo, exec }));
  expect(end.kind === "done" && new TextDecoder().decode(end.stdout)).toBe(`sudo -n ${path} list\n`);
  expect(await createSudo({ enabled: false, path: bin }).wrap([path])).toEqual([path]);
  expect(await createSudo({ enabled: true, path: folder.tmp }).wrap([path])).toEqual([path]);
});

test("a streamed output goes to a file of its own, whole and only for its owner", async () => {
  const target = join(folder.tmp, "out");
  symlinkSync(join(folder.root, "elsewhere"), target);
  const script = "head -c 5000000 /dev/zero; printf end";
  const end = await streamPlugin(plugin(script), { args: ["get", "big"], signal: never, target }, folder.tools());
  expect(end.kind).toBe("done");
  expect(statSync(target).size).toBe(5_000_003);
  expect(readFileSync(target).subarray(-3).toString()).toBe("end");
  expect(statSync(target).mode & 0o777).toBe(0o600);
  expect(existsSync(join(folder.root, "elsewhere"))).toBe(false);
});

test("a streamed output that fails or is too large leaves no file", async () => {
  const target = join(folder.tmp, "out");
  const failed = await streamPlugin(plugin("echo part; exit 1"), { args: [], signal: never, target }, folder.tools());
  expect(failed.kind).toBe("exit");
  const large = await streamPlugin(plugin("yes"), { args: [], signal: never, target, limit: 100_000 }, folder.tools());
  expect(pluginFailure(large)).toBe("There is more than 100000 bytes of output");
  const nowhere = { args: [], signal: never, target: join(folder.tmp, "no/such/out") };
  expect((await streamPlugin(plugin("yes"), nowhere, folder.tools())).kind).toBe("not-stored");
  expect(readdirSync(folder.tmp)).toEqual([]);
});

function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
