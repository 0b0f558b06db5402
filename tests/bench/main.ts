/**
 * `bun run bench [start] [memory] [bridge] [twin] [files] [--runs N]`: the figures of README.md, measured with the compiled executable and mosquitto
 * on this machine. Without names all of them, five runs each.
 */
import { cpus } from "node:os";
import { benchBridge } from "./bridge.ts";
import { benchFiles } from "./files.ts";
import { benchMemory } from "./memory.ts";
import { benchSmallCgroup } from "./small-cgroup.ts";
import { benchStart } from "./start.ts";
import { type Figure, report } from "./statistics.ts";
import { benchTwin } from "./twin.ts";

const BENCHES: Readonly<Record<string, (runs: number) => Promise<readonly Figure[]>>> = {
  start: benchStart,
  memory: async (runs) => [...(await benchMemory(runs)), ...(await benchSmallCgroup(runs))],
  bridge: benchBridge,
  twin: benchTwin,
  files: benchFiles,
};

const words = process.argv.slice(2);
const runsAt = words.indexOf("--runs");
const runs = runsAt === -1 ? 5 : Number(words[runsAt + 1]);
const asked = runsAt === -1 ? words : words.toSpliced(runsAt, 2);
const unknown = asked.filter((name) => !(name in BENCHES));
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
  console.error(`usage: bun run bench [${Object.keys(BENCHES).join("] [")}] [--runs N]`);
  process.exit(2);
}
console.log(`${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores; median (lowest … highest)`);
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const figure of await bench(runs)) console.log(report(figure));
}
