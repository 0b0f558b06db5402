import { type Fault, fault } from "../base/fault.ts";
import { parsePattern } from "../base/pattern.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type AptFault, type AptWorld, fieldsFormat, runQuietly } from "./apt-get.ts";

/** Regular expressions: a package is listed when its whole name matches or its maintainer begins so; without any, each is. */
export interface ListFilter {
  readonly name?: string | undefined;
  readonly maintainer?: string | undefined;
}

/** Lines `name\tversion` of the packages that are installed (spec/operations §7.3). Code `invalid-pattern` and those of apt. */
export async function listPackages(
  filter: ListFilter,
  world: AptWorld,
): Promise<Result<readonly string[], AptFault | Fault<"invalid-pattern">>> {
  const matches = packageFilter(filter);
  if (!matches.ok) return matches;
  const asked = await runQuietly("dpkg-query", [FORMAT, "--show"], world);
  if (!asked.ok) return asked;
  const { value: exit } = asked;
  if (exit.kind === "killed") return err(fault("killed", "Interrupted by a signal!"));
  world.stderr(new TextDecoder().decode(exit.stderr));
  if (exit.code !== 0) return err(fault("apt-failed", `dpkg-query ended with exit code ${exit.code}`));
  const lines = new Set<string>();
  for (const line of new TextDecoder().decode(exit.stdout).split("\n")) {
    const [name = "", version = "", status, maintainer = ""] = line.split("\t");
    // One that is set to hold, or chosen to be removed, is still installed.
    if (status === "installed" && matches.value(name, maintainer)) lines.add(`${name}\t${version}`);
  }
  return ok([...lines]);
}

const FORMAT = fieldsFormat(["Package", "Version", "db:Status-Status", "Maintainer"]);

type Matches = (name: string, maintainer: string) => boolean;

function packageFilter({ name, maintainer }: ListFilter): Result<Matches, Fault<"invalid-pattern">> {
  if (name === undefined && maintainer === undefined) return ok(() => true);
  const names = parsePattern(`^(?:${name ?? ""})$`);
  if (!names.ok) return names;
  const maintainers = parsePattern(`^(?:${maintainer ?? "$.^"})(?:\\s|$)`);
  if (!maintainers.ok) return maintainers;
  return ok((found, by) => names.value.test(found) || maintainers.value.test(by));
}
