import { acquireLock } from "../../../src/services/lock-file.ts";

// A process that takes a lock, says what came of it, and keeps it until it is ended or its standard input is closed.
const [directory = "", service = ""] = process.argv.slice(2);
const lock = await acquireLock(directory, service);
console.log(lock.ok ? "locked" : lock.fault.code);
for await (const _ of process.stdin) {
  // Waits for the end of the input.
}
if (lock.ok) await lock.value.release();
