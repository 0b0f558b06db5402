import { err, ok } from "../../../src/base/result.ts";
import type { TomlValue } from "../../../src/base/toml.ts";
import { type AuthMethod, type References, referenceFault, unsetTedgeKey } from "../../../src/bridge/references.ts";

/** A small configuration for rules to refer to: `tedge.toml` and the effective `mapper.toml` as flat keys. */
export function referencesTo(world: {
  readonly tedge?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly mapper?: Readonly<Record<string, TomlValue>>;
  readonly authMethod?: AuthMethod;
}): References {
  const tedge = (key: string) => {
    if (world.tedge === undefined || !(key in world.tedge)) {
      return err(referenceFault("unknown-key", `Unknown key: '${key}'`));
    }
    const value = world.tedge[key];
    return value === undefined ? err(unsetTedgeKey(key)) : ok(value);
  };
  return {
    tedge: (key) => {
      const value = tedge(key);
      return value.ok ? ok(typeof value.value === "string" ? value.value : JSON.stringify(value.value)) : value;
    },
    tedgeList: (key) => {
      const value = tedge(key);
      if (!value.ok) return value;
      if (typeof value.value !== "string") return ok(value.value);
      return err(referenceFault("wrong-type", `Config key '${key}' is not an array`));
    },
    mapper: (path) => {
      const value = world.mapper?.[path];
      if (value !== undefined) return ok(value);
      const note = `'${path}' is not a recognised field — check for typos`;
      return err(referenceFault("unknown-key", `Unknown mapper config key '${path}'`, note));
    },
    authMethod: world.authMethod ?? "certificate",
  };
}
