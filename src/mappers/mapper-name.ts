import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseProfileName } from "../config/profile-name.ts";

/** Mappers that come with thin-edge; they have names of their own and are no directories. */
export const BUILTIN_MAPPERS = ["c8y", "az", "aws", "collectd"] as const;
export type BuiltinMapper = (typeof BUILTIN_MAPPERS)[number];

/** Which mapper is meant on the command line. */
export type MapperName =
  | { readonly kind: "builtin"; readonly name: BuiltinMapper; readonly profile?: string }
  | { readonly kind: "custom"; readonly name: string };

export type MapperNameFault = Fault<"invalid-mapper-name" | "no-profiles" | "invalid-profile-name">;

/** Reads `c8y`, `az@site2`, `collectd` or the name of a user-defined mapper (spec/bridges-and-mappers §11.1, §13). */
export function parseMapperName(text: string): Result<MapperName, MapperNameFault> {
  const at = text.indexOf("@");
  const name = at === -1 ? text : text.slice(0, at);
  const profile = at === -1 ? undefined : text.slice(at + 1);
  const builtin = BUILTIN_MAPPERS.find((known) => known === name);
  if (builtin !== undefined) return builtinMapper(builtin, profile);
  if (profile !== undefined && checkCustomName(name).ok) {
    return err(fault("no-profiles", `user-defined mapper '${name}' does not support profiles`));
  }
  const checked = checkCustomName(name);
  return checked.ok ? ok({ kind: "custom", name }) : checked;
}

function builtinMapper(name: BuiltinMapper, profile: string | undefined): Result<MapperName, MapperNameFault> {
  if (profile === undefined) return ok({ kind: "builtin", name });
  if (name === "collectd") return err(fault("no-profiles", "collectd mapper does not support profiles"));
  const parsed = parseProfileName(profile);
  return parsed.ok ? ok({ kind: "builtin", name, profile: parsed.value }) : parsed;
}

/** `[a-z][a-z0-9-]*`, and `bridge-…` is taken: the health of bridges goes by such names. */
export function checkCustomName(name: string): Result<undefined, Fault<"invalid-mapper-name">> {
  const invalid = (reason: string) => err(fault("invalid-mapper-name", `Invalid mapper name '${name}': ${reason}`));
  if (name === "") return err(fault("invalid-mapper-name", "Mapper name cannot be empty"));
  if (!/^[a-z]/.test(name)) return invalid("must start with a lowercase ASCII letter");
  if (!/^[a-z0-9-]+$/.test(name)) return invalid("names must match [a-z][a-z0-9-]* (underscores are not allowed)");
  if (name.startsWith("bridge-"))
    return invalid("names starting with 'bridge-' are reserved for the health of bridges");
  return ok();
}

/** As it is written on the command line. */
export function mapperText(mapper: MapperName): string {
  return mapper.kind === "builtin" && mapper.profile !== undefined ? `${mapper.name}@${mapper.profile}` : mapper.name;
}
