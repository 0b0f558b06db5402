import { err, ok, type Result } from "../base/result.ts";
import { type ReferenceFault, type References, referenceFault, unsetTedgeKey } from "../bridge/references.ts";
import type { Config, EffectiveValue } from "../config/config.ts";
import { parseKey } from "../config/parse-key.ts";

/** `${tedge.…}` of a rule file: what `tedge config get` prints, of the profile's key when the mapper runs with one (spec/bridges-and-mappers §2.3). */
export function tedgeReferences(config: Config, profile?: string): Pick<References, "tedge" | "tedgeList"> {
  const read = (key: string) => effectiveValue(config, key, profile);
  return {
    tedge(key) {
      const found = read(key);
      return found.ok ? ok(found.value.text) : found;
    },
    tedgeList(key) {
      const found = read(key);
      if (!found.ok) return found;
      const { value } = found.value;
      if (isStringList(value)) return ok(value);
      return err(referenceFault("wrong-type", `Config key '${key}' is not an array`));
    },
  };
}

function effectiveValue(
  config: Config,
  key: string,
  profile: string | undefined,
): Result<EffectiveValue, ReferenceFault> {
  const parsed = parseKey(key);
  if (!parsed.ok) return err(referenceFault("unknown-key", parsed.fault.message));
  const { address } = parsed.value;
  const ofProfile = address.scope === "cloud" && address.profile === undefined && profile !== undefined;
  const found = config.read(ofProfile ? { ...address, profile } : address);
  if (!found.ok) return err(referenceFault("unset-key", found.fault.message));
  return found.value === undefined ? err(unsetTedgeKey(key)) : ok(found.value);
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
