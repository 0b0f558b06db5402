import * as v from "valibot";
import { err, ok, type Result } from "../../base/result.ts";
import type { EntityId } from "../../bus/entity-id.ts";
import { TWIN_KEY_SCHEMA } from "../../bus/payload/twin.ts";
import type { ChangeCondition, Twin, TwinFault } from "../../twin/twin.ts";
import { readShape } from "../json-shape.ts";
import { emptyResponse, jsonProblem, type Problem } from "../problem.ts";
import { changeCondition, reply, replyChanged, replyState } from "../reply.ts";
import { type EntityAction, type EntityAnswer, readJsonBody, twinProblem, unlessUnknown } from "./entity-call.ts";
import { TWIN_SCHEMA } from "./entity-schemas.ts";
import { GET_FRAGMENT, GET_TWIN, REMOVE_FRAGMENT, REMOVE_TWIN, REPLACE_TWIN, SET_FRAGMENT } from "./twin-contracts.ts";

interface TwinTarget {
  readonly id: EntityId;
}

interface FragmentTarget extends TwinTarget {
  readonly key: string;
}

/** What can be done with all twin data of an entity (spec/http-api §3.7). */
export const TWIN_ACTIONS = {
  GET: {
    contract: GET_TWIN,
    run: ({ twin, target, headers }) => {
      const fragments = twin.fragments(target.id);
      return fragments.ok ? replyState(GET_TWIN, headers, fragments.value) : err(twinProblem(fragments.fault));
    },
  },
  PUT: {
    contract: REPLACE_TWIN,
    async run(call) {
      const { twin, target, headers } = call;
      const document = readJsonBody(call);
      if (!document.ok) return document;
      const fragments = readShape(TWIN_SCHEMA, document.value);
      if (!fragments.ok) return err(jsonProblem(400, fragments.fault));
      const replaced = await twin.replaceFragments(target.id, fragments.value, twinCondition(twin, target, headers));
      return replaced.ok ? ok(replyChanged(REPLACE_TWIN, replaced.value)) : err(twinProblem(replaced.fault));
    },
  },
  DELETE: {
    contract: REMOVE_TWIN,
    run: async ({ twin, target, headers }) =>
      gone(await twin.removeFragments(target.id, twinCondition(twin, target, headers))),
  },
} as const satisfies Record<string, EntityAction<TwinTarget>>;

/** What can be done with one fragment. */
export const FRAGMENT_ACTIONS = {
  GET: {
    contract: GET_FRAGMENT,
    run({ twin, target, headers }) {
      const value = twin.fragment(target.id, target.key);
      return value.ok ? replyState(GET_FRAGMENT, headers, value.value) : err(twinProblem(value.fault));
    },
  },
  PUT: {
    contract: SET_FRAGMENT,
    async run(call) {
      const { twin, target, headers } = call;
      const document = readJsonBody(call);
      if (!document.ok) return document;
      const flaw = keyFlaw(target);
      if (flaw !== undefined) return err(flaw);
      const { value } = document.value;
      const set = await twin.setFragment(target.id, target.key, value, fragmentCondition(twin, target, headers));
      if (!set.ok) return err(twinProblem(set.fault));
      return ok(value === null ? reply(SET_FRAGMENT, 200, value) : replyChanged(SET_FRAGMENT, value));
    },
  },
  DELETE: {
    contract: REMOVE_FRAGMENT,
    async run({ twin, target, headers }) {
      const flaw = keyFlaw(target);
      if (flaw !== undefined) return err(flaw);
      return gone(await twin.removeFragment(target.id, target.key, fragmentCondition(twin, target, headers)));
    },
  },
} as const satisfies Record<string, EntityAction<FragmentTarget>>;

/** A key that is none is told before anything is looked for (spec/http-api §3.7). */
function keyFlaw({ key }: FragmentTarget): Problem | undefined {
  const read = v.safeParse(TWIN_KEY_SCHEMA, key);
  return read.success ? undefined : jsonProblem(400, read.issues[0].message);
}

/** An unknown entity is told as such, whatever the request expects of it. */
function twinCondition(twin: Twin, { id }: TwinTarget, request: Headers): ChangeCondition | undefined {
  return unlessUnknown(
    twin,
    id,
    changeCondition(request, GET_TWIN, () => stateOf(twin.fragments(id))),
  );
}

function fragmentCondition(twin: Twin, { id, key }: FragmentTarget, request: Headers): ChangeCondition | undefined {
  return unlessUnknown(
    twin,
    id,
    changeCondition(request, GET_FRAGMENT, () => stateOf(twin.fragment(id, key))),
  );
}

function stateOf<T>(result: Result<T, TwinFault>): T | undefined {
  return result.ok ? result.value : undefined;
}

function gone(result: Result<undefined, TwinFault>): EntityAnswer {
  return result.ok ? ok(emptyResponse(204)) : err(twinProblem(result.fault));
}
