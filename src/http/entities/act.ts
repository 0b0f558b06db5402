import { exhaustive } from "../../base/exhaustive.ts";
import { err } from "../../base/result.ts";
import type { Contract, Method } from "../contract.ts";
import { jsonProblem, type Problem } from "../problem.ts";
import { CONFIG_ACTIONS, SETTING_ACTIONS } from "./config-actions.ts";
import { ENTITY_ACTIONS } from "./entity-actions.ts";
import type { EntityAction, EntityAnswer, EntityCall } from "./entity-call.ts";
import type { EntityTarget } from "./entity-target.ts";
import { FRAGMENT_ACTIONS, TWIN_ACTIONS } from "./twin-actions.ts";

/** Does what the method of a request means for what its path names. */
export async function act(method: string, call: EntityCall<EntityTarget>): Promise<EntityAnswer> {
  const { target } = call;
  switch (target.kind) {
    case "entity":
      return await choose(ENTITY_ACTIONS, method, { ...call, target });
    case "twin":
      return await choose(TWIN_ACTIONS, method, { ...call, target });
    case "fragment":
      return await choose(FRAGMENT_ACTIONS, method, { ...call, target });
    case "config":
      return await choose(CONFIG_ACTIONS, method, { ...call, target });
    case "setting":
      return await choose(SETTING_ACTIONS, method, { ...call, target });
    default:
      return exhaustive(target);
  }
}

/** What can be done below `/te/v1/entities/`. */
export const ACTION_CONTRACTS: readonly Contract[] = [
  ENTITY_ACTIONS,
  TWIN_ACTIONS,
  FRAGMENT_ACTIONS,
  CONFIG_ACTIONS,
  SETTING_ACTIONS,
].flatMap((actions) => Object.values(actions).map(({ contract }): Contract => contract));

type Actions<Target> = { readonly [M in Method]?: EntityAction<Target> };

async function choose<Target>(
  actions: Actions<Target>,
  method: string,
  call: EntityCall<Target>,
): Promise<EntityAnswer> {
  const action = Object.entries(actions).find(([name]) => name === method)?.[1];
  return action === undefined ? err(methodNotAllowed(actions)) : await action.run(call);
}

function methodNotAllowed(actions: Actions<never>): Problem {
  const allow = Object.keys(actions).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  return { ...jsonProblem(405, "Method Not Allowed"), allow: allow.join(",") };
}
