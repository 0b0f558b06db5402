import { expect, test } from "bun:test";
import { join } from "node:path";

function start(shell: string) {
  const script = join(import.meta.dir, "print-much.ts");
  const child = Bun.spawn(["sh", "-c", shell, "sh", process.execPath, script], { stdout: "pipe", stderr: "pipe" });
  return Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
}

test("everything printed arrives, also when the process ends right after it", async () => {
  const [stdout, stderr, code] = await start('exec "$@"');
  expect({ bytes: stdout.length, stderr, code }).toEqual({ bytes: 5_000_000, stderr: "", code: 0 });
});

test("a slow reader gets everything too", async () => {
  const [stdout] = await start('"$@" | { read -r _ < /dev/null; wc -c; }');
  expect(stdout.trim()).toBe("5000000");
});

test("a reader that goes away is told of, and is no failure", async () => {
  const [stdout, stderr] = await start('{ "$@"; echo "exit $?" >&2; } | head -c 10');
  expect(stdout).toBe("0123456789");
  expect(stderr).toContain("lost: EPIPE");
  expect(stderr).toContain("exit 0");
});

test("a disk that is full is told of", async () => {
  const [, stderr] = await start('exec "$@" > /dev/full');
  expect(stderr).toBe("lost: ENOSPC");
});
