import { parse } from "node:path";
import { type ComponentName, findComponent } from "./components.ts";

/** Which program the executable has to be this time. `args` are the arguments of that program. */
export type Target =
  | { readonly kind: "tedge"; readonly name: string; readonly args: readonly string[]; readonly usageExit: 2 }
  | {
      readonly kind: "component";
      readonly component: ComponentName;
      /** What it was called by: `--version` and help show it. */
      readonly name: string;
      readonly args: readonly string[];
      readonly usageExit: 1 | 2;
    }
  | { readonly kind: "unknown"; readonly message: string };

/**
 * Chooses by the stem of the name that the executable was called by, and by `run` (spec/cli-and-config §1.1). Under our own name,
 * `tebus…`, it is `tedge`, or what the first argument says.
 */
export function dispatch(calledBy: string, args: readonly string[]): Target {
  const stem = parse(calledBy).name;
  const component = asComponent(stem, args, "link");
  if (component !== undefined) return component;
  if (stem === "tedge") return tedge(stem, args);
  const [first = "", ...rest] = args;
  if (first === "tedge") return tedge(first, rest);
  const named = asComponent(first, rest, "argument");
  if (named !== undefined) return named;
  if (stem.startsWith("tebus")) return tedge(stem, args);
  return {
    kind: "unknown",
    message: `'${stem}' is neither 'tedge' nor the name of a component: the first argument has to be one of them`,
  };
}

function tedge(name: string, args: readonly string[]): Target {
  const run = runTarget(args);
  return run ?? { kind: "tedge", name, args, usageExit: 2 };
}

/** `tedge [options] run [options] <component> …` is the same as the link `<component> [options] …`. */
function runTarget(args: readonly string[]): Target | undefined {
  const before = globalOptions(args, 0);
  if (args[before] !== "run") return undefined;
  const after = globalOptions(args, before + 1);
  const options = [...args.slice(0, before), ...args.slice(before + 1, after)];
  return asComponent(args[after] ?? "", [...options, ...args.slice(after + 1)], "argument");
}

/** Where the options that every command knows end, from `at` on (spec/cli-and-config §1.2). */
function globalOptions(args: readonly string[], at: number): number {
  for (let index = at; ; ) {
    const arg = args[index] ?? "";
    if (arg === "--config-dir" || arg === "--log-level") index += 2;
    else if (arg === "--debug" || arg.startsWith("--config-dir=") || arg.startsWith("--log-level=")) index += 1;
    else return Math.min(index, args.length);
  }
}

/** A usage error of the apt plugin exits with 1 only where the executable itself has its name (spec/cli-and-config §1.3). */
function asComponent(name: string, args: readonly string[], how: "link" | "argument"): Target | undefined {
  const component = findComponent(name);
  if (component === undefined) return undefined;
  const usageExit = how === "link" ? component.usageExit : 2;
  return { kind: "component", component: component.name, name: component.name, args, usageExit };
}
