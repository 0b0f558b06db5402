import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** How many to keep, by name; `*` stands for every name that is not listed. */
export type Counts = ReadonlyMap<string, number>;

const LARGEST = 2 ** 32 - 1;

/** `*:5, software_list:1`; its own printed form, in brackets and with quotes, is accepted too. */
export const countsType: ValueType<Counts> = {
  name: "name:count list",
  parse(text) {
    const bare = text.replace(/^\s*\[|\]\s*$/g, "").replaceAll('"', "");
    return bare.trim() === "" ? ok(new Map()) : counts(bare.split(","));
  },
  print: (value) => `[${pairs(value).join(", ")}]`,
  fromToml(value) {
    if (typeof value === "string") return countsType.parse(value);
    if (!Array.isArray(value)) return wrongKind(value, "a list of name:count pairs");
    const texts: string[] = [];
    for (const item of value) {
      if (typeof item !== "string") return wrongKind(item, "a string");
      texts.push(item);
    }
    return counts(texts);
  },
  toToml: pairs,
  members: {
    add: (current, more) => new Map([...current, ...more]),
    remove: (current, less) => new Map([...current].filter(([name]) => !less.has(name))),
  },
};

function counts(items: readonly string[]): Result<Counts, ValueFault> {
  const found = new Map<string, number>();
  for (const item of items) {
    const pair = parsePair(item.trim());
    if (pair === undefined) return invalidValue("Not a comma-separated list of name:count pairs");
    found.set(pair.name, pair.count);
  }
  return ok(found);
}

function parsePair(item: string): { readonly name: string; readonly count: number } | undefined {
  const colon = item.lastIndexOf(":");
  const name = (colon === -1 ? item : item.slice(0, colon)).trim();
  const digits = colon === -1 ? "1" : item.slice(colon + 1).trim();
  if (name === "" || !/^\d+$/.test(digits) || Number(digits) > LARGEST) return undefined;
  return { name, count: Number(digits) };
}

function pairs(value: Counts): readonly string[] {
  const rank = (name: string) => (name === "*" ? "" : name);
  return [...value]
    .sort(([left], [right]) => (rank(left) < rank(right) ? -1 : 1))
    .map(([name, count]) => `${name}:${count}`);
}
