/** What one executable can be, besides the command line `tedge` itself (spec/cli-and-config §1.1). */
export interface Component {
  /** Name of the link, and what `tedge run` takes. */
  readonly name: string;
  readonly alias?: string;
  /** Exit code of a usage error under a name of its own; the API of software plugins demands 1. */
  readonly usageExit: 1 | 2;
}

export const COMPONENTS = [
  { name: "tedge-agent", usageExit: 2 },
  { name: "tedge-mapper", usageExit: 2 },
  { name: "all", usageExit: 2 },
  { name: "c8y-firmware-plugin", usageExit: 2 },
  { name: "c8y-remote-access-plugin", usageExit: 2 },
  { name: "tedge-apt-plugin", alias: "apt", usageExit: 1 },
  { name: "tedge-flows-plugin", alias: "flow", usageExit: 2 },
  { name: "tedge-file-config-plugin", usageExit: 2 },
  { name: "tedge-file-log-plugin", usageExit: 2 },
  { name: "tedge-watchdog", usageExit: 2 },
  { name: "tedge-write", usageExit: 2 },
] as const satisfies readonly Component[];

export type ComponentName = (typeof COMPONENTS)[number]["name"];

/** By name or alias. Links of old installations have `_` where `-` is now (spec/cli-and-config §13). */
export function findComponent(name: string): (Component & { readonly name: ComponentName }) | undefined {
  const wanted = name.replaceAll("_", "-");
  return COMPONENTS.find(
    (component) => component.name === wanted || ("alias" in component && component.alias === wanted),
  );
}
