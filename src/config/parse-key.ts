import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { addressName, cloudIndex, type KeyAddress, looseForm, mainIndex } from "./key-address.ts";
import { nearestWord } from "./nearest-word.ts";
import { parseProfileName } from "./profile-name.ts";
import { CLOUDS, type Cloud, isCloud } from "./table.ts";

export interface ParsedKey {
  readonly address: KeyAddress;
  /** The key is spelt in a former or loose way; `deprecationWarning` tells. */
  readonly deprecated: boolean;
}

export type KeyFault = Fault<"unknown-key" | "invalid-profile-name">;

/** Reads a key that a person typed: `.` and `_` are alike, former names are known (spec/cli-and-config §2.2). */
export function parseKey(text: string): Result<ParsedKey, KeyFault> {
  const address = findAddress(text);
  if (address === undefined) return err(unknownKey(text));
  if (!address.ok) return address;
  const name = addressName(address.value);
  return ok({ address: address.value, deprecated: text !== name && text.toLowerCase() !== name });
}

export function deprecationWarning(spelling: string, address: KeyAddress): string {
  return `The key '${spelling}' is deprecated. Use '${addressName(address)}' instead.`;
}

/** Where a value of `tedge.toml` belongs to; only dotted names count, former ones too. */
export function addressOfPath(path: readonly string[]): ParsedKey | undefined {
  const [first = "", second, third = "", ...rest] = path;
  const cloud = cloudNamed(first);
  if (cloud === undefined) {
    const key = mainIndex().exact.get(path.join("."));
    return key === undefined ? undefined : { address: { scope: "main", key }, deprecated: key !== path.join(".") };
  }
  const inProfile = second === "profiles" && path.length > 2;
  const profile = inProfile ? parseProfileName(third) : undefined;
  if (profile?.ok === false) return undefined;
  const name = (inProfile ? rest : path.slice(1)).join(".");
  const key = cloudIndex(cloud).exact.get(name);
  if (key === undefined) return undefined;
  return {
    address: { scope: "cloud", cloud, profile: profile?.value, key },
    deprecated: key !== name || cloud !== first,
  };
}

/** `azure` is the former name of `az`. */
export function cloudNamed(text: string): Cloud | undefined {
  return text === "azure" ? "az" : isCloud(text) ? text : undefined;
}

function findAddress(text: string): Result<KeyAddress, KeyFault> | undefined {
  const main = mainIndex().loose.get(looseForm(text));
  if (main !== undefined) return ok({ scope: "main", key: main });
  const [, first = "", rest = ""] = /^([^._]+)[._](.*)$/s.exec(text) ?? [];
  const cloud = cloudNamed(first);
  if (cloud === undefined) return undefined;
  const key = cloudIndex(cloud).loose.get(looseForm(rest));
  if (key !== undefined) return ok({ scope: "cloud", cloud, profile: undefined, key });
  const profiled = /^profiles[._](.*)$/s.exec(rest)?.[1];
  return profiled === undefined ? undefined : findInProfile(cloud, profiled);
}

/** `<profile>.<key>`, or with `_`, where the longest key that fits is the one meant. */
function findInProfile(cloud: Cloud, text: string): Result<KeyAddress, KeyFault> | undefined {
  const dot = text.indexOf(".");
  const separators = [...text.matchAll(/[._]/g)].map((match) => match.index);
  for (const at of dot === -1 ? separators : [dot, ...separators]) {
    const key = cloudIndex(cloud).loose.get(looseForm(text.slice(at + 1)));
    if (key === undefined) continue;
    const profile = parseProfileName(text.slice(0, at));
    return profile.ok ? ok({ scope: "cloud", cloud, profile: profile.value, key }) : profile;
  }
  return undefined;
}

function unknownKey(text: string): Fault<"unknown-key"> {
  const nearest = nearestWord(text, knownNames());
  const detail = nearest === undefined ? {} : { detail: { nearest } };
  return fault("unknown-key", `Unknown tedge config key: '${text}'`, detail);
}

function* knownNames(): Generator<string> {
  yield* mainIndex().exact.keys();
  for (const cloud of CLOUDS) for (const key of cloudIndex(cloud).exact.keys()) yield `${cloud}.${key}`;
}
