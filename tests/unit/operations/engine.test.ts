// biome-ignore-all lint/suspicious/noTemplateCurlyInString: path expressions of workflows look like that
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { access, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fault } from "../../../src/base/fault.ts";
import { err } from "../../../src/base/result.ts";
import { realDisk } from "../../../src/operations/disk.ts";
import { Device } from "./a-device.ts";

let device: Device;
beforeEach(() => {
  device = new Device();
});
afterEach(() => device.dispose());

/** A workflow that runs one shell script after init. */
const shell = (operation: string, script: string, handlers = 'on_success = "successful"') => `operation = "${operation}"
[init]
action = "proceed"
on_success = "executing"
[executing]
script = ${JSON.stringify(`sh -c '${script}'`)}
${handlers}
`;
const says = (json: string) => `printf ":::begin-tedge:::\\n%s\\n:::end-tedge:::\\n" "${json.replaceAll('"', '\\"')}"`;
/** A script that tells its process id in a file and then takes its time. */
const slow = (path: string) => `echo $$ > ${path}; sleep 600 & wait`;

function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Waits for a file that a script writes. */
async function written(path: string): Promise<string> {
  for (;;) {
    const content = await readFile(path, "utf8").catch(() => "");
    if (content.endsWith("\n")) return content.trim();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe("a command", () => {
  test("goes from state to state, keeps what it was asked with, and is told as compact sorted JSON", async () => {
    await device.define("greet", shell("greet", says('{"greeting":"hello","n":2.0}')));
    await device.start();
    device.request("greet", "1", { who: "you", big: JSON.rawJSON("9007199254740993") });
    const final = await device.untilFinal("greet", "1");
    expect(device.statuses("greet", "1")).toEqual(["init", "executing", "successful"]);
    expect(final).toMatchObject({ status: "successful", greeting: "hello", who: "you" });
    expect(final["@version"]).toMatch(/^[0-9a-f]{64}$/);
    expect(final.logPath).toBe(join(device.directories.logs, "workflow-greet-1.log"));
    const text = device.retained.get(device.topic("greet", "1")) ?? "";
    expect(text).toContain('"big":9007199254740993');
    expect(text).toContain('"n":2.0');
    expect(text.startsWith('{"@version":')).toBe(true);
  });

  test("is logged step by step", async () => {
    await device.define("greet", shell("greet", "echo out; echo err >&2; exit 3", 'on_exit.3 = "successful"'));
    await device.start();
    device.request("greet", "1");
    await device.untilFinal("greet", "1");
    await device.stop();
    const log = (await device.log("greet", "1")).replace(/time(=|: +)\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z/g, "time$1T");
    expect(log).toStartWith("\n====");
    expect(log).toContain("\nTriggered greet workflow\n");
    expect(log).toContain("\ntopic:     te/device/main///cmd/greet/1\noperation: greet\ncmd_id:    1\ntime:      T\n");
    expect(log).toContain("----------------------[ greet @ init | time=T ]----------------------\n\nState:    {");
    expect(log).toContain("\nAction:   move to executing state\n\n=> moving to greet @ executing\n");
    expect(log).toContain(
      "Exit status: 3 (ERROR)\n\nstderr <<EOF\nerr\nEOF\n\nstdout <<EOF\nout\nEOF\n=> moving to greet @ successful\n",
    );
    expect(log).toContain("\nAction:   wait for the requester to finalize the command\n");
  });

  test("is logged before its step begins, since the step may end the machine", async () => {
    const toml = `operation = "greet"
[init]
action = "proceed"
on_success = "executing"
[executing]
script = "grep -q '@ executing |' \${.payload.logPath}"
on_success = "successful"`;
    await device.define("greet", toml);
    await device.start();
    for (const id of ["1", "2", "3"]) {
      device.request("greet", id);
      expect(await device.untilFinal("greet", id)).toMatchObject({ status: "successful" });
    }
  });

  test("is on disk when its request is acknowledged, and off the disk when its clear is", async () => {
    await device.define("greet", shell("greet", "true"));
    await device.start();
    const board = async () => JSON.parse(await readFile(join(device.directories.state, "workflows"), "utf8"));
    device.request("greet", "1");
    await device.received();
    expect(Object.keys((await board()).commands)).toEqual([device.topic("greet", "1")]);
    await device.untilFinal("greet", "1");
    device.clear("greet", "1");
    await device.received();
    expect((await board()).commands).toEqual({});
    expect(device.statuses("greet", "1")).toEqual(["init", "executing", "successful", ""]);
  });

  test("whose request comes twice runs once, and another request on its topic is refused", async () => {
    const go = join(device.root, "go");
    await device.define("greet", shell("greet", `echo run >> ${go}`));
    await device.start();
    device.request("greet", "1", { x: 1 });
    device.request("greet", "1", { x: 1 });
    await device.untilFinal("greet", "1");
    device.request("greet", "1", { x: 2 });
    await device.until(() => device.complaints.length > 0);
    expect(device.complaints).toEqual([
      `Two concurrent requests are under execution on the same topic: ${device.topic("greet", "1")}`,
    ]);
    expect(await readFile(go, "utf8")).toBe("run\n");
  });

  test("of an unknown operation, an invalid one and health checks leave no trace", async () => {
    await device.start();
    device.request("nobody", "1");
    device.send(device.topic("greet", "1"), "no json");
    device.send(device.topic("greet", "2"), '{"x":1}');
    device.send("te/device/main///cmd/health/check", "");
    device.send("te/device/main///cmd/health/check", "{}");
    device.send(device.topic("greet", "3"), '{"status":"executing"}');
    const before = device.messages.length;
    await device.received();
    expect(device.complaints.map((text) => text.split(": A command")[0])).toEqual([
      `Invalid command payload: ${device.topic("greet", "1")}`,
      `Invalid command payload: ${device.topic("greet", "2")}`,
    ]);
    expect(device.messages.length).toBe(before);
    expect(await device.files(device.directories.logs)).toEqual([]);
  });

  test("that cannot be stored is refused with a reason", async () => {
    let full = false;
    const diskFull = async () => err(fault("disk-full" as const, "No space left on device"));
    device.disk = { ...realDisk, replace: (path, content) => (full ? diskFull() : realDisk.replace(path, content)) };
    await device.define("greet", shell("greet", "true"));
    await device.start();
    await device.until(() => device.retained.has("te/device/main///cmd/greet"));
    full = true;
    device.request("greet", "1");
    const { status, reason } = await device.untilFinal("greet", "1");
    expect([status, reason]).toEqual(["failed", "The command cannot be stored: No space left on device"]);
  });

  test("of an ill-formed definition fails with what is wrong with it", async () => {
    await device.define("bad", 'operation = "bad"\n[init]\naction = "jump"');
    await device.start();
    expect(device.complaints[0]).toContain("Unknown action: jump");
    await device.until(() => device.retained.get("te/device/main///cmd/bad") === "{}");
    device.request("bad", "1");
    const { reason } = await device.untilFinal("bad", "1");
    expect(reason).toBe(
      `Invalid operation workflow definition "${device.directories.workflows}/bad.toml": Unknown action: jump`,
    );
    expect(device.statuses("bad", "1")).toEqual(["init", "executing", "failed"]);
  });
});

describe("commands side by side", () => {
  test("of different operations do not wait for each other", async () => {
    const pid = join(device.root, "pid");
    await device.define("slow", shell("slow", slow(pid)));
    await device.define("fast", shell("fast", "true"));
    await device.start();
    device.request("slow", "1");
    await written(pid);
    device.request("fast", "1");
    expect(await device.untilFinal("fast", "1")).toMatchObject({ status: "successful" });
    expect(device.statuses("slow", "1")).toEqual(["init", "executing"]);
  });

  test("of one operation come one after the other, in the order of their requests", async () => {
    const order = join(device.root, "order");
    await device.define("op", shell("op", `echo begin >> ${order}; sleep 0.02; echo end >> ${order}`));
    await device.start();
    for (const id of ["1", "2", "3"]) device.request("op", id);
    for (const id of ["1", "2", "3"]) await device.untilFinal("op", id);
    expect(await readFile(order, "utf8")).toBe("begin\nend\n".repeat(3));
    const finals = device.messages.filter(({ text }) => text.includes('"status":"successful"'));
    expect(finals.map(({ topic }) => topic.at(-1))).toEqual(["1", "2", "3"]);
  });
});

describe("a running script", () => {
  test("is ended with its whole process group at its timeout", async () => {
    const pid = join(device.root, "pid");
    const pass = device.holdTimers(900_000);
    await device.define("op", shell("op", slow(pid), "timeout_second = 900"));
    await device.start();
    device.request("op", "1");
    await written(pid);
    pass();
    const { status, reason } = await device.untilFinal("op", "1");
    expect([status, reason]).toEqual(["failed", "sh killed by signal 15"]);
    expect(isRunning(Number(await written(pid)))).toBe(false);
  });

  test("is ended with its whole process group when its command is cleared, and nothing more is published", async () => {
    const [pid, child] = [join(device.root, "pid"), join(device.root, "child")];
    await device.define("op", shell("op", `echo $$ > ${pid}; sleep 600 & echo $! > ${child}; wait`));
    await device.start();
    device.request("op", "1");
    const processes = [Number(await written(pid)), Number(await written(child))];
    expect(processes.map(isRunning)).toEqual([true, true]);
    device.clear("op", "1");
    await device.received();
    await device.stop();
    expect(processes.map(isRunning)).toEqual([false, false]);
    expect(device.statuses("op", "1")).toEqual(["init", "executing", ""]);
    expect(device.retained.has(device.topic("op", "1"))).toBe(false);
  });

  test("keeps the place of its operation until it has ended, also when its command is cleared", async () => {
    const [pid, end] = [join(device.root, "pid"), join(device.root, "end")];
    const script = `if [ \${.topic.cmd_id} = 1 ]; then trap "sleep 0.05; echo first >> ${end}; exit" TERM; sh -c "echo > ${pid}; exec sleep 600" & wait; else echo second >> ${end}; fi`;
    await device.define("op", shell("op", script));
    await device.start();
    device.request("op", "1");
    await written(pid);
    device.request("op", "2");
    device.clear("op", "1");
    await device.untilFinal("op", "2");
    expect(await readFile(end, "utf8")).toBe("first\nsecond\n");
  });

  test("is ended when the agent stops, and its command goes on from on_kill at the next start", async () => {
    const pid = join(device.root, "pid");
    const again = `if [ -e ${pid} ]; then exit 0; fi; ${slow(pid)}`;
    await device.define("op", shell("op", again, 'on_success = "successful"\non_kill = "executing"'));
    await device.start();
    device.request("op", "1");
    const process = Number(await written(pid));
    await device.stop();
    expect(isRunning(process)).toBe(false);
    await device.start();
    expect(await device.untilFinal("op", "1")).toMatchObject({ status: "successful", resumed_at: expect.any(String) });
  });

  test("that does not obey does not hold up the stop of the agent", async () => {
    const pid = join(device.root, "pid");
    await device.define("op", shell("op", `trap "" TERM; echo $$ > ${pid}; while :; do sleep 0.05; done`));
    await device.start();
    device.request("op", "1");
    const process_ = Number(await written(pid));
    await device.stop(50);
    expect(device.statuses("op", "1")).toEqual(["init", "executing"]);
    process.kill(-process_, "SIGKILL");
  });
});

describe("after a kill -9", () => {
  test("a command goes on in the state it was in, and what came meanwhile follows", async () => {
    const pid = join(device.root, "pid");
    const script = `echo run >> ${pid}; if [ $(wc -l < ${pid}) = 1 ]; then exec sleep 2; fi`;
    await device.define("op", shell("op", script));
    await device.start();
    device.request("op", "1");
    await written(pid);
    device.abandon();
    device.request("op", "2");
    await device.start();
    expect(await device.untilFinal("op", "1")).toMatchObject({ resumed_at: expect.stringMatching(/^\d+\.0$/) });
    expect(await device.untilFinal("op", "2")).toMatchObject({ status: "successful" });
    expect(device.statuses("op", "1")).toEqual(["init", "executing", "executing", "successful"]);
  });

  test("the definition a command was started with is still followed", async () => {
    const pid = join(device.root, "pid");
    await device.define(
      "op",
      shell(
        "op",
        `echo run >> ${pid}; if [ $(wc -l < ${pid}) = 1 ]; then exec sleep 2; fi`,
        'on_success = "old"',
      ).concat('[old]\naction = "proceed"\n'),
    );
    await device.start();
    device.request("op", "1");
    await written(pid);
    device.abandon();
    await device.undefine("op");
    await device.start();
    await device.untilFinal("op", "1");
    expect(device.statuses("op", "1")).toContain("old");
    await device.stop();
    expect(await device.files(join(device.directories.state, "workflows-in-use"))).toEqual([]);
  });

  test("the board of another agent is taken over, also without versions", async () => {
    await device.define("op", shell("op", "true"));
    const topic = device.topic("op", "1");
    const commands = { [topic]: { unix_timestamp: 1_700_000_000, status: "executing", payload: { x: 1 } } };
    await mkdir(device.directories.state, { recursive: true });
    await writeFile(join(device.directories.state, "workflows"), JSON.stringify({ version: "V1", commands }));
    await device.start();
    expect(await device.untilFinal("op", "1")).toMatchObject({
      x: 1,
      status: "successful",
      resumed_at: "1700000000.0",
    });
  });

  test("a board that cannot be read is put aside", async () => {
    await mkdir(device.directories.state, { recursive: true });
    await writeFile(join(device.directories.state, "workflows"), "{");
    await device.define("op", shell("op", "true"));
    await device.start();
    device.request("op", "1");
    await device.untilFinal("op", "1");
    expect(await readFile(join(device.directories.state, "workflows.broken"), "utf8")).toBe("{");
  });
});

describe("definitions", () => {
  const capability = () => device.retained.get("te/device/main///cmd/op");

  test("that come, change and go while the agent runs are noticed", async () => {
    await device.start();
    await device.define("some-name", shell("op", "true"));
    await device.until(() => capability() === "{}");
    await device.undefine("some-name");
    await device.until(() => capability() === undefined);
    expect(device.messages.at(-1)).toEqual({ topic: "te/device/main///cmd/op", text: "" });
  });

  test("that went while the agent was down are withdrawn at its start", async () => {
    await device.define("op", shell("op", "true"));
    await device.start();
    await device.until(() => capability() === "{}");
    await device.stop();
    await device.undefine("op");
    await device.start();
    await device.until(() => capability() === undefined);
  });

  test("written just before a request are used for it", async () => {
    await device.start();
    await device.define("op", shell("op", says('{"v":1}')));
    device.request("op", "1");
    expect(await device.untilFinal("op", "1")).toMatchObject({ v: 1 });
    await device.define("op", shell("op", says('{"v":2}')));
    device.request("op", "2");
    expect(await device.untilFinal("op", "2")).toMatchObject({ v: 2 });
  });

  test("are kept in the version that a running command follows, until it has ended", async () => {
    const go = join(device.root, "go");
    const waits = `while [ ! -e ${go} ]; do sleep 0.01; done`;
    await device.define("op", shell("op", waits, 'on_success = "old"').concat('[old]\naction = "proceed"\n'));
    await device.start();
    device.request("op", "1");
    await device.until(() => device.statuses("op", "1").includes("executing"));
    const copies = join(device.directories.state, "workflows-in-use");
    expect(await device.files(copies)).toEqual([`op-${device.state("op", "1")["@version"]}.toml`]);
    await device.undefine("op");
    device.request("op", "2");
    await device.until(() => device.complaints.length > 0);
    expect(device.complaints).toEqual(["A new command cannot be created for the deprecated op operation"]);
    await writeFile(go, "");
    await device.untilFinal("op", "1");
    expect(device.statuses("op", "1")).toContain("old");
    await device.stop();
    expect(await device.files(copies)).toEqual([]);
  });
});

describe("a sub-operation", () => {
  const parent = (input = "", handlers = 'on_success = "successful"\non_error = "rollback"') => `operation = "parent"
[init]
operation = "\${.payload.child}"
${input}
on_exec = "waiting"
[waiting]
action = "await-operation-completion"
output = { got = "\${.payload.made}", from = "\${.topic.operation}" }
${handlers}
[rollback]
action = "proceed"
on_success = "failed"
`;

  test("gets its input from script and excerpt, and gives its output to its parent", async () => {
    const input = `input_script = ${JSON.stringify(`sh -c '${says('{"a":"script","b":"script"}')}'`)}\ninput = { b = "\${.payload.n}" }`;
    await device.define("parent", parent(input));
    await device.define("child", shell("child", says('{"made":"${.payload.a}-${.payload.b}"}')));
    await device.start();
    device.request("parent", "1", { child: "child", n: 5 });
    expect(await device.untilFinal("parent", "1")).toMatchObject({
      status: "successful",
      got: "script-5",
      from: "child",
    });
    await device.until(() => device.statuses("child", "sub:parent:1").includes(""));
    expect(device.statuses("child", "sub:parent:1")).toEqual(["init", "executing", "successful", ""]);
    expect(device.statuses("parent", "1")).toEqual(["init", "waiting", "successful"]);
    await device.stop();
    const log = await device.log("parent", "1");
    expect(log).toContain("[ parent > child @ executing |");
    expect(await device.files(device.directories.logs)).toEqual(["workflow-parent-1.log"]);
  });

  test("that fails gives its reason to its parent", async () => {
    await device.define("parent", parent());
    await device.define("child", shell("child", "exit 7"));
    await device.start();
    device.request("parent", "1", { child: "child" });
    expect(await device.untilFinal("parent", "1")).toMatchObject({ reason: "sh returned exit code 7" });
    expect(device.statuses("parent", "1")).toEqual(["init", "waiting", "rollback", "failed"]);
  });

  test("that nobody knows fails its parent", async () => {
    await device.define("parent", parent());
    await device.start();
    device.request("parent", "1", { child: "stranger" });
    expect(await device.untilFinal("parent", "1")).toMatchObject({ reason: "Unknown sub-operation: stranger" });
    device.request("parent", "2", { child: "a/b" });
    expect(await device.untilFinal("parent", "2")).toMatchObject({ reason: '"a/b" cannot name a sub-operation' });
  });

  test("that starts itself over and over ends with a reason", async () => {
    await device.define("parent", parent('input = { child = "parent" }'));
    await device.start();
    device.request("parent", "1", { child: "parent" });
    expect(await device.untilFinal("parent", "1")).toMatchObject({
      status: "failed",
      reason: "Sub-operations are nested more than 16 deep",
    });
  });

  test("that takes too long is ended and cleared, and its parent goes to on_timeout", async () => {
    const pid = join(device.root, "pid");
    const pass = device.holdTimers(900_000);
    await device.define("parent", parent("", 'on_success = "successful"\ntimeout_second = 900'));
    await device.define("child", shell("child", slow(pid)));
    await device.start();
    device.request("parent", "1", { child: "child" });
    await written(pid);
    pass();
    expect(await device.untilFinal("parent", "1")).toMatchObject({ status: "failed", reason: "timeout" });
    await device.until(() => device.statuses("child", "sub:parent:1").includes(""));
    await device.stop();
    expect(isRunning(Number(await written(pid)))).toBe(false);
    expect(device.retained.has(device.topic("child", "sub:parent:1"))).toBe(false);
  });

  test("is ended and cleared with its parent", async () => {
    const pid = join(device.root, "pid");
    await device.define("parent", parent());
    await device.define("child", shell("child", slow(pid)));
    await device.start();
    device.request("parent", "1", { child: "child" });
    await written(pid);
    device.clear("parent", "1");
    await device.until(() => device.statuses("child", "sub:parent:1").includes(""));
    await device.stop();
    expect(isRunning(Number(await written(pid)))).toBe(false);
    expect([...device.retained.keys()].filter((topic) => topic.includes("/cmd/") && topic.endsWith("1"))).toEqual([]);
  });

  test("of a parent that does not wait for it is cleared when it ends", async () => {
    await device.define("parent", 'operation = "parent"\n[init]\noperation = "child"\n');
    await device.define("child", shell("child", "sleep 0.05"));
    await device.start();
    device.request("parent", "1");
    await device.until(() => device.statuses("child", "sub:parent:1").includes(""));
    expect(device.statuses("child", "sub:parent:1")).toEqual(["init", "executing", "successful", ""]);
  });

  test("is not ended by the late clear of an earlier one with the same id", async () => {
    const pid = join(device.root, "pid");
    await device.define("parent", parent());
    await device.define("child", shell("child", `if [ -e ${pid} ]; then exit 0; fi; echo $$ > ${pid}; exec sleep 2`));
    await device.start();
    device.request("parent", "1", { child: "child" });
    await written(pid);
    device.abandon();
    await device.start();
    device.send(device.topic("child", "sub:parent:1"), "");
    expect(await device.untilFinal("parent", "1")).toMatchObject({ status: "successful" });
  });

  test("is ended when somebody else clears it, and its parent goes to on_error", async () => {
    const pid = join(device.root, "pid");
    await device.define("parent", parent());
    await device.define("child", shell("child", slow(pid)));
    await device.start();
    device.request("parent", "1", { child: "child" });
    await written(pid);
    await device.received();
    device.clear("child", "sub:parent:1");
    expect(await device.untilFinal("parent", "1")).toMatchObject({ reason: "The sub-operation has been removed" });
    await device.stop();
    expect(isRunning(Number(await written(pid)))).toBe(false);
  });

  test("that still runs when its parent starts it anew is ended and makes room", async () => {
    const pid = join(device.root, "pid");
    await device.define(
      "parent",
      `operation = "parent"
[init]
operation = "child"
input = { n = 1 }
on_exec = "wait-a-moment"
[wait-a-moment]
script = "sh -c 'while [ ! -s ${pid} ]; do sleep 0.01; done'"
on_success = "again"
[again]
operation = "child"
input = { n = 2 }
on_exec = "waiting"
[waiting]
action = "await-operation-completion"
output = { got = "\${.payload.n}" }
on_success = "successful"
`,
    );
    await device.define("child", shell("child", `if [ \${.payload.n} = 1 ]; then ${slow(pid)}; fi`));
    await device.start();
    device.request("parent", "1");
    expect(await device.untilFinal("parent", "1")).toMatchObject({ got: 2 });
    expect(isRunning(Number(await written(pid)))).toBe(false);
    await device.until(() => device.statuses("child", "sub:parent:1").filter((status) => status === "").length === 2);
    expect(device.statuses("child", "sub:parent:1")).toEqual([
      "init",
      "executing",
      "",
      "init",
      "executing",
      "successful",
      "",
    ]);
  });

  test("can be started again and again in a loop over a list", async () => {
    await device.define(
      "parent",
      `operation = "parent"
[init]
iterate = "\${.payload.list}"
on_next = "start"
on_success = "successful"
[start]
operation = "child"
input = { n = "\${.payload.@next.item.n}" }
on_exec = "waiting"
[waiting]
action = "await-operation-completion"
output = { last = "\${.payload.n}" }
on_success = "init"
`,
    );
    await device.define("child", shell("child", "true"));
    await device.start();
    device.request("parent", "1", { list: [{ n: 1, "@skip": true }, { n: 2 }, { n: 3 }] });
    expect(await device.untilFinal("parent", "1")).toMatchObject({ last: 3, "@next": { index: 2, item: { n: 3 } } });
    const child = device.topic("child", "sub:parent:1");
    const seen = device.messages.filter(({ topic, text }) => topic === child && text.includes('"status":"init"'));
    expect(seen.map(({ text }) => JSON.parse(text).n)).toEqual([2, 3]);
  });
});

describe("the restart of the agent", () => {
  const workflow = `operation = "op"
[init]
action = "restart-agent"
on_exec = "restarting"
[restarting]
action = "await-agent-restart"
on_success = "successful"
`;

  test("is asked for once the next state is published, and is what that state waits for", async () => {
    await device.define("op", workflow);
    await device.start();
    device.request("op", "1");
    await device.until(() => device.restartRequests === 1);
    expect(device.statuses("op", "1")).toEqual(["init", "restarting"]);
    await device.stop();
    await device.start();
    expect(await device.untilFinal("op", "1")).toMatchObject({ status: "successful" });
  });

  test("lets no other command begin while the agent stops", async () => {
    await device.define("op", workflow);
    await device.start();
    device.request("op", "1");
    device.request("op", "2");
    await device.until(() => device.restartRequests === 1);
    await device.received();
    await device.stop();
    expect(device.statuses("op", "2")).toEqual(["init"]);
    await device.start();
    await device.untilFinal("op", "1");
    await device.until(() => device.restartRequests === 2);
    expect(device.statuses("op", "2")).toEqual(["init", "init", "restarting"]);
  });

  test("that does not come in time leads to on_timeout", async () => {
    const pass = device.holdTimers(60_000);
    await device.define("op", workflow);
    await device.start();
    device.request("op", "1");
    await device.until(() => device.statuses("op", "1").includes("restarting"));
    pass();
    expect(await device.untilFinal("op", "1")).toMatchObject({ status: "failed", reason: "timeout" });
  });
});

test("a background script is started after the next state is published, and outlives command and agent", async () => {
  const [pid, go] = [join(device.root, "pid"), join(device.root, "go")];
  const script = `echo $$ > ${pid}; while [ ! -e ${go} ]; do sleep 0.01; done; echo done > ${pid}`;
  await device.define("op", `operation = "op"\n[init]\nbackground_script = ${JSON.stringify(`sh -c '${script}'`)}\n`);
  await device.start();
  device.request("op", "1");
  await device.untilFinal("op", "1");
  const process_ = Number(await written(pid));
  device.clear("op", "1");
  await device.received();
  await device.stop();
  expect(isRunning(process_)).toBe(true);
  await writeFile(go, "");
  while (isRunning(process_)) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(await written(pid)).toBe("done");
});

describe("downloads and uploads", () => {
  const workflow = `operation = "op"
[init]
action = "download"
on_success = "check"
[check]
script = "sh -c 'test -e \${.payload.downloadedPath}'"
on_success = "send"
[send]
action = "upload"
input = { url = "http://there", path = "\${.payload.downloadedPath}" }
on_success = "successful"
`;

  test("move files, which are removed when the command ends", async () => {
    const moved: string[] = [];
    const { download } = device.transfer;
    device.transfer = {
      async download(url, path, signal) {
        moved.push(`${url} > ${path}`);
        return download(url, path, signal);
      },
      async upload(path, url) {
        moved.push(`${path} > ${url}`);
        return { ok: true, value: undefined };
      },
    };
    await device.define("op", workflow);
    await device.start();
    device.request("op", "1", { remoteUrl: "http://here" });
    expect(await device.untilFinal("op", "1")).toMatchObject({ status: "successful" });
    const path = join(device.directories.tmp, "op_1");
    expect(moved).toEqual([`http://here > ${path}`, `${path} > http://there`]);
    await device.stop();
    expect(await exists(path)).toBe(false);
  });

  test("that fail are the reason", async () => {
    device.transfer = { ...device.transfer, download: async () => err(fault("http", "404 Not Found")) };
    await device.define("op", workflow);
    await device.start();
    device.request("op", "1", { remoteUrl: "http://here" });
    expect((await device.untilFinal("op", "1")).reason).toBe(
      "builtin 'download' action failed with: Download failed: 404 Not Found",
    );
    device.request("op", "2");
    expect((await device.untilFinal("op", "2")).reason).toBe(
      "builtin 'download' action failed with: No valid URL found in input.url, tedgeUrl, or remoteUrl",
    );
  });
});

describe("a built-in operation", () => {
  test("is seen as init, scheduled, executing and its end, and says what it can do", async () => {
    let types = ["b", "a"];
    device.builtins = [
      {
        operation: "list",
        capability: async () => ({ types }),
        refreshOn: ["sync"],
        execute: async ({ command }) => ({ status: "successful", update: { found: command.payload.status } }),
      },
    ];
    await device.start();
    const capability = () => device.retained.get("te/device/main///cmd/list");
    await device.until(() => capability() === '{"types":["b","a"]}');
    device.request("list", "1");
    expect(await device.untilFinal("list", "1")).toMatchObject({ "@version": "builtin", found: "executing" });
    expect(device.statuses("list", "1")).toEqual(["init", "scheduled", "executing", "successful"]);
    types = ["c"];
    device.send("te/device/main/service/tedge-agent/signal/other", "");
    device.send("te/device/main/service/tedge-agent/signal/sync", "");
    await device.until(() => capability() === '{"types":["c"]}');
  });

  test("publishes its capability again when it says so, and after the end of operations that it names", async () => {
    let asked = 0;
    let changed = () => {};
    let looking: AbortSignal | undefined;
    await device.define("install", shell("install", "exit 1"));
    device.builtins = [
      {
        operation: "list",
        capability: async () => {
          asked += 1;
          return { asked };
        },
        refreshAfter: ["install"],
        watch(tell, signal) {
          changed = tell;
          looking = signal;
        },
        execute: async () => ({ status: "successful", update: {} }),
      },
    ];
    await device.start();
    const capability = () => device.retained.get("te/device/main///cmd/list");
    await device.until(() => capability() === '{"asked":1}');
    changed();
    await device.until(() => capability() === '{"asked":2}');
    device.request("list", "1");
    await device.untilFinal("list", "1");
    device.request("install", "1");
    expect(await device.untilFinal("install", "1")).toMatchObject({ status: "failed" });
    await device.until(() => capability() === '{"asked":3}');
    expect(looking?.aborted).toBe(false);
    await device.stop();
    expect(looking?.aborted).toBe(true);
  });

  test("says nothing of what it finds while the agent stops", async () => {
    let looking: AbortSignal | undefined;
    let asked = 0;
    let changed = () => {};
    const again = Promise.withResolvers<void>();
    device.builtins = [
      {
        operation: "list",
        async capability() {
          asked += 1;
          if (asked > 1) again.resolve();
          if (asked > 1) await new Promise((resolve) => looking?.addEventListener("abort", resolve));
          return { asked };
        },
        watch(tell, signal) {
          changed = tell;
          looking = signal;
        },
        execute: async () => ({ status: "successful", update: {} }),
      },
    ];
    await device.start();
    const capability = () => device.retained.get("te/device/main///cmd/list");
    await device.until(() => capability() === '{"asked":1}');
    changed();
    await again.promise;
    await device.stop();
    expect({ asked, said: capability() }).toEqual({ asked: 2, said: '{"asked":1}' });
  });

  test("that was executing when the agent ended is taken up by its own rule", async () => {
    device.builtins = [
      {
        operation: "reboot",
        capability: async () => ({}),
        execute: ({ signal }) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve({ status: "failed", reason: "aborted" }));
          }),
        resume: async () => ({ status: "successful", update: { rebooted: true } }),
      },
    ];
    await device.start();
    device.request("reboot", "1");
    await device.until(() => device.statuses("reboot", "1").includes("executing"));
    await device.stop();
    expect(device.statuses("reboot", "1").at(-1)).toBe("executing");
    await device.start();
    expect(await device.untilFinal("reboot", "1")).toMatchObject({ rebooted: true });
  });

  test("that throws fails the command and nothing else", async () => {
    device.builtins = [
      {
        operation: "broken",
        capability: () => Promise.reject(new Error("no types")),
        execute: () => Promise.reject(new Error("a bug")),
      },
    ];
    await device.define("op", shell("op", "true"));
    await device.start();
    device.request("broken", "1");
    expect((await device.untilFinal("broken", "1")).reason).toBe("Internal error: a bug");
    device.request("op", "1");
    expect(await device.untilFinal("op", "1")).toMatchObject({ status: "successful" });
  });

  test("that is overridden by a file is back when the file is gone, and its capability stays", async () => {
    device.builtins = [
      {
        operation: "list",
        capability: async () => ({ types: [] }),
        execute: async () => ({ status: "successful", update: {} }),
      },
    ];
    await device.define("list", shell("list", says('{"own":true}')));
    await device.start();
    device.request("list", "1");
    expect(await device.untilFinal("list", "1")).toMatchObject({ own: true });
    await device.undefine("list");
    device.request("list", "2");
    expect(await device.untilFinal("list", "2")).toMatchObject({ "@version": "builtin" });
    expect(device.retained.get("te/device/main///cmd/list")).toBe('{"types":[]}');
  });

  test("steps can be used from any workflow, and those that are not there fail with a reason", async () => {
    const step = (name: string) => `operation = "op"
[init]
action = "builtin:config:${name}"
input = { from = "\${.payload.x}" }
on_success = "successful"
`;
    device.builtins = [
      {
        operation: "config",
        capability: async () => ({}),
        execute: async () => ({ status: "successful", update: {} }),
        steps: new Map([["set", async ({ command }) => ({ ok: true, value: { to: command.payload.from ?? "" } })]]),
      },
    ];
    await device.define("op", step("set"));
    await device.start();
    device.request("op", "1", { x: 7 });
    expect(await device.untilFinal("op", "1")).toMatchObject({ from: 7, to: 7 });
    await device.define("op", step("get"));
    device.request("op", "2", { x: 7 });
    expect((await device.untilFinal("op", "2")).reason).toBe(
      "builtin 'builtin:config:get' action failed with: No builtin operation step handler registered for op operation get step",
    );
  });
});

test("when the broker has lost its retained messages, capabilities and states are published again", async () => {
  const pid = join(device.root, "pid");
  await device.define("op", shell("op", slow(pid)));
  await device.start();
  device.request("op", "1");
  await written(pid);
  device.retained.clear();
  await device.connected({ first: false, sessionPresent: false });
  await device.until(() => device.retained.size === 2);
  expect(device.state("op", "1").status).toBe("executing");
  expect(device.retained.get("te/device/main///cmd/op")).toBe("{}");
});

test("commands go on while there is no broker", async () => {
  const pid = join(device.root, "pid");
  await device.define("op", shell("op", `echo run > ${pid}`));
  await device.start();
  device.request("op", "1");
  device.outcome = "dropped";
  expect(await written(pid)).toBe("run");
});
