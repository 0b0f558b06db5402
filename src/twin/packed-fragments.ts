/**
 * The twin data of one entity as one text, since ten thousands of small objects cost several times what they hold: key, JSON, key, JSON and
 * so on, parted by NUL, which neither a key nor JSON can contain. The empty text stands for none. Order is that of first setting.
 */
export type PackedFragments = string;

const NUL = "\0";

export function packedKeys(packed: PackedFragments): string[] {
  return packed === "" ? [] : packed.split(NUL).filter((_part, index) => index % 2 === 0);
}

/** The JSON of one fragment. */
export function packedValue(packed: PackedFragments, key: string): string | undefined {
  const parts = packed.split(NUL);
  const at = indexOfKey(parts, key);
  return at === -1 ? undefined : parts[at + 1];
}

export function packedEntries(packed: PackedFragments): [key: string, json: string][] {
  const parts = packed.split(NUL);
  return packedKeys(packed).map((key, index) => [key, parts[2 * index + 1] ?? ""]);
}

/** With the fragment set to a JSON text. */
export function withFragment(packed: PackedFragments, key: string, json: string): PackedFragments {
  if (packed === "") return key + NUL + json;
  const parts = packed.split(NUL);
  const at = indexOfKey(parts, key);
  if (at === -1) parts.push(key, json);
  else parts[at + 1] = json;
  return parts.join(NUL);
}

export function withoutFragment(packed: PackedFragments, key: string): PackedFragments {
  const parts = packed.split(NUL);
  const at = indexOfKey(parts, key);
  return at === -1 ? packed : parts.toSpliced(at, 2).join(NUL);
}

function indexOfKey(parts: readonly string[], key: string): number {
  for (let at = 0; at < parts.length - 1; at += 2) if (parts[at] === key) return at;
  return -1;
}
