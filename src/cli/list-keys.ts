import type { ListedKey } from "../config/config.ts";
import { addressName, type KeyAddress } from "../config/key-address.ts";

export interface ListOptions {
  /** Keys without a value too. */
  readonly all?: boolean;
  /** What the keys mean, instead of their values. */
  readonly doc?: boolean;
  /** Only keys that contain this. */
  readonly filter?: string;
}

/** The output of `tedge config list` (spec/cli-and-config §2.5). */
export function listKeys(keys: readonly ListedKey[], { all = false, doc = false, filter = "" }: ListOptions): string {
  const chosen = keys.filter((key) => key.name.includes(filter));
  if (doc) return documentation(chosen.filter(({ address }) => !hasProfile(address)));
  const set = chosen.flatMap(({ name, effective }) => (effective === undefined ? [] : [`${name}=${effective.text}\n`]));
  const unset = all ? chosen.filter(({ effective }) => effective === undefined).map(({ name }) => `${name}=\n`) : [];
  return [...set, ...(unset.length === 0 ? [] : ["\n", ...unset])].join("");
}

function documentation(keys: readonly ListedKey[]): string {
  const width = Math.max(0, ...keys.map(({ name }) => name.length));
  const indent = " ".repeat(width + 2);
  return keys
    .map(({ address, setting }) => {
      const { doc, note, examples } = setting;
      const lines = [
        `${addressName(address).padStart(width)}  ${doc}`,
        ...(note === undefined ? [] : [`${indent}Note: ${note}`]),
        `${indent}${examples.length === 1 ? "Example" : "Examples"}: ${examples.join(", ")}`,
      ];
      return lines.map((line) => `${line}\n`).join("");
    })
    .join("");
}

function hasProfile(address: KeyAddress): boolean {
  return address.scope === "cloud" && address.profile !== undefined;
}
