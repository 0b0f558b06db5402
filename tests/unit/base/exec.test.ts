import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { systemClock } from "../../../src/base/clock.ts";
import { exec } from "../../../src/base/exec.ts";
import { waitUntil } from "../../system/world/wait-until.ts";

const clock = systemClock;
/** A process that ended and that nobody has waited for yet still has an entry, in state Z. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("a program's exit code and output are given back", async () => {
  const result = await exec("sh", ["-c", "echo out; echo err >&2; exit 3"], { clock });
  expect(result.ok && result.value.kind).toBe("exited");
  if (!result.ok || result.value.kind !== "exited") return;
  expect(result.value.code).toBe(3);
  expect(text(result.value.stdout)).toBe("out\n");
  expect(text(result.value.stderr)).toBe("err\n");
});

test("standard input is given, and a program that does not read it is no fault", async () => {
  const echoed = await exec("cat", [], { clock, stdin: "hello" });
  expect(echoed.ok && text(echoed.value.stdout)).toBe("hello");
  const ignored = await exec("true", [], { clock, stdin: "x".repeat(1_000_000) });
  expect(ignored.ok && ignored.value.kind).toBe("exited");
});

test("a program that cannot be launched is a fault that names it", async () => {
  const result = await exec("/no/such/program", [], { clock });
  expect(result.ok ? "" : result.fault.code).toBe("launch-failed");
  expect(result.ok ? "" : result.fault.message).toBe("Cannot run /no/such/program");
});

test("the timeout ends the whole process group, grandchildren included", async () => {
  const result = await exec("sh", ["-c", "sleep 600 & echo $!; wait"], { clock, timeout: 200 });
  expect(result.ok && result.value.kind).toBe("killed");
  if (!result.ok || result.value.kind !== "killed") return;
  expect(result.value.signal).toBe(15);
  expect(result.value.timedOut).toBe(true);
  const grandchild = Number(text(result.value.stdout));
  expect(grandchild).toBeGreaterThan(1);
  // A process lets go of its pipes a moment before it is gone.
  await waitUntil("the grandchild is gone", () => !isRunning(grandchild));
});

test("a program that ignores SIGTERM is killed after the grace", async () => {
  const result = await exec("sh", ["-c", "trap '' TERM; while :; do sleep 0.05; done"], {
    clock,
    timeout: 100,
    grace: 100,
  });
  expect(result.ok && result.value.kind === "killed" && result.value.signal).toBe(9);
});

test("an aborted signal ends the program", async () => {
  const controller = new AbortController();
  const running = exec("sleep", ["600"], { clock, signal: controller.signal });
  controller.abort();
  const result = await running;
  expect(result.ok && result.value.kind === "killed" && !result.value.timedOut).toBe(true);
});

test("output beyond the limit is read and dropped", async () => {
  const result = await exec("sh", ["-c", "head -c 100000 /dev/zero"], { clock, outputLimit: 1_000 });
  expect(result.ok && result.value.stdout.length).toBe(1_000);
});

test("standard output can be taken piece by piece, in order and no faster than it is taken", async () => {
  const pieces: Uint8Array[] = [];
  let busy = 0;
  const result = await exec("sh", ["-c", "seq 100000; echo err >&2"], {
    clock,
    async onStdout(bytes) {
      busy += 1;
      expect(busy).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      pieces.push(bytes);
      busy -= 1;
      return true;
    },
  });
  expect(text(Buffer.concat(pieces))).toBe(Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join(""));
  expect(result.ok && result.value.stdout.length).toBe(0);
  expect(result.ok && text(result.value.stderr)).toBe("err\n");
});

test.each([
  ["refuses", async () => false],
  ["throws", () => Promise.reject(new Error("full"))],
])("whoever takes the output and %s ends the program", async (_what, onStdout) => {
  const result = await exec("yes", [], { clock, onStdout });
  expect(result.ok && result.value.kind).toBe("killed");
});

test("a program can join the process group of this process; it is ended alone then", async () => {
  const group = (pid: string) => /^\d+ \(.*\) . \d+ (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  const controller = new AbortController();
  const seen: (string | undefined)[] = [];
  const result = await exec("sh", ["-c", "echo $$; exec sleep 600"], {
    clock,
    signal: controller.signal,
    sharesGroup: true,
    async onStdout(bytes) {
      seen.push(group(text(bytes).trim()));
      controller.abort();
      return true;
    },
  });
  expect(seen).toEqual([group(String(process.pid))]);
  expect(result.ok && result.value.kind).toBe("killed");
});
