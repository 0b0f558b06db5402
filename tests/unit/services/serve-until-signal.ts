import { writeFileSync } from "node:fs";
import { systemClock } from "../../../src/base/clock.ts";
import { fault } from "../../../src/base/fault.ts";
import { configureLogging, createLog } from "../../../src/base/log.ts";
import { ok } from "../../../src/base/result.ts";
import type { Service } from "../../../src/services/service.ts";
import { runServiceProcess } from "../../../src/services/service-process.ts";

// A process of two units that never reach their broker. Its deeds go to standard output, its exit code is that of the process.
const [lockDirectory = "", standalone = ""] = process.argv.slice(2);
const tell = (text: string) => writeFileSync(1, `${text}\n`);

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

function waitingService(name: string): Service {
  return {
    name,
    lockName: name,
    build: async (host) =>
      ok({
        name,
        start(signal) {
          tell(`${name} starts`);
          if (host.environment.CRASH === name) host.crashed(fault("broken", "broken"));
          return aborted(signal);
        },
        async stop() {
          tell(`${name} stops`);
        },
      }),
  };
}

const end = new AbortController();
process.on("SIGTERM", () => end.abort());
configureLogging({ level: "info", timestamps: false });
const members = [{ service: waitingService("agent"), mapper: false }];
if (standalone === "") members.push({ service: waitingService("mapper"), mapper: true });
const ended = await runServiceProcess({
  members,
  standalone: standalone !== "",
  configDirectory: "/nowhere",
  environment: process.env,
  clock: systemClock,
  random: Math.random,
  log: createLog,
  lockDirectory,
  reloadLogLevels: () => tell("levels"),
  signal: end.signal,
});
tell(ended.ok ? "ended" : ended.fault.message);
process.exit(ended.ok ? ended.value : 9);
