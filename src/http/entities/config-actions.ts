import type { Json } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import type { Twin } from "../../twin/twin.ts";
import { jsonProblem, type Problem } from "../problem.ts";
import { replyState } from "../reply.ts";
import { GET_CONFIG, GET_SETTING } from "./config-contracts.ts";
import { type EntityAction, twinProblem } from "./entity-call.ts";

interface ConfigTarget {
  readonly id: EntityId;
}

interface SettingTarget extends ConfigTarget {
  readonly key: string;
}

/** What can be done with the configuration that a service exposes: reading (spec/http-api §3.8). */
export const CONFIG_ACTIONS = {
  GET: {
    contract: GET_CONFIG,
    run({ twin, target, headers }) {
      const config = twin.exposedConfig(target.id);
      return config.ok ? replyState(GET_CONFIG, headers, config.value) : err(twinProblem(config.fault));
    },
  },
} as const satisfies Record<string, EntityAction<ConfigTarget>>;

/** The same for one value of it. */
export const SETTING_ACTIONS = {
  GET: {
    contract: GET_SETTING,
    run({ twin, target, headers }) {
      const value = settingOf(twin, target);
      return value.ok ? replyState(GET_SETTING, headers, value.value) : value;
    },
  },
} as const satisfies Record<string, EntityAction<SettingTarget>>;

function settingOf(twin: Twin, { id, key }: SettingTarget): Result<Json, Problem> {
  const config = twin.exposedConfig(id);
  if (!config.ok) return err(twinProblem(config.fault));
  const value = Object.hasOwn(config.value, key) ? config.value[key] : undefined;
  if (value !== undefined) return ok(value);
  return err(jsonProblem(404, `Configuration value for entity: ${id} with key: ${key} not found`));
}
