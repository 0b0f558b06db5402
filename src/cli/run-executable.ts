import { exhaustive } from "../base/exhaustive.ts";
import { VERSION } from "../platform/version.ts";
import { outliveReloads } from "../services/signals.ts";
import { dispatch, type Target } from "./dispatch.ts";
import type { Define, World } from "./program.ts";

/** Runs whatever the executable was called as, and gives its exit code. Modules are loaded only by the program that needs them. */
export async function runExecutable(calledBy: string, args: readonly string[], world: World): Promise<number> {
  const target = dispatch(calledBy, args);
  if (target.kind === "unknown") {
    world.stderr(`error: ${target.message}\n`);
    return 2;
  }
  if (target.kind === "component" && SERVICES.has(target.component)) outliveReloads();
  if (isVersionAsked(target)) {
    await world.stdout(`${target.name} ${VERSION}\n`);
    return 0;
  }
  const define = await load(target);
  if (define === undefined) {
    world.stderr(`Error: ${target.name} is not available in this version of tebus\n`);
    return 1;
  }
  const { runProgram } = await import("./program.ts");
  const { name, usageExit } = target;
  const logName = target.kind === "tedge" || target.component === "all" ? "tedge" : target.component;
  const logLevel = target.kind === "tedge" ? "warn" : "info";
  return runProgram(define, { name, args: target.args, usageExit, logName, logLevel }, world);
}

/** Scripts and the self-update ask this often; it needs no parser. What is not there yet has no version either. */
function isVersionAsked(target: Exclude<Target, { kind: "unknown" }>): boolean {
  const [only, ...others] = target.args;
  if (others.length > 0 || (only !== "--version" && only !== "-V")) return false;
  return target.kind === "tedge" || target.component === "tedge-write" || SERVICES.has(target.component);
}

/** What runs until it is told to end. */
const SERVICES: ReadonlySet<string> = new Set(["tedge-agent", "tedge-mapper", "all"]);

/** The definition of a program; `undefined` for what thin-edge has and tebus has not yet. */
async function load(target: Exclude<Target, { kind: "unknown" }>): Promise<Define | undefined> {
  if (target.kind === "tedge") return (await import("./tedge.ts")).defineTedge;
  switch (target.component) {
    case "tedge-agent":
      return (await import("./tedge-agent.ts")).defineTedgeAgent;
    case "tedge-mapper":
      return (await import("./tedge-mapper.ts")).defineTedgeMapper;
    case "all":
      return (await import("./run-all.ts")).defineRunAll;
    case "tedge-file-log-plugin":
      return (await import("./tedge-file-log-plugin-program.ts")).defineFileLogPlugin;
    case "tedge-write":
      return (await import("./tedge-write-program.ts")).defineTedgeWrite;
    case "tedge-file-config-plugin":
      return (await import("./tedge-file-config-plugin-program.ts")).defineFileConfigPlugin;
    case "tedge-apt-plugin":
      return (await import("./tedge-apt-plugin-program.ts")).defineAptPlugin;
    case "c8y-firmware-plugin":
    case "c8y-remote-access-plugin":
    case "tedge-flows-plugin":
    case "tedge-watchdog":
      return undefined;
    default:
      return exhaustive(target.component);
  }
}
