import type { JsonObject } from "../base/json.ts";
import { isTwinKey } from "../bus/payload/twin.ts";
import { applyContent } from "./apply-content.ts";
import { attributeEarly } from "./attribute-early.ts";
import type { Refusal } from "./refusal.ts";
import type { RegistryEffect } from "./registry-effect.ts";
import type { DataInput, FragmentsInput } from "./registry-input.ts";
import type { RegistryState } from "./registry-state.ts";
import { isLeftOver, noteSeen } from "./settling.ts";

/** A message of an entity other than its registration (spec/mqtt-api §§4.5, 5, 6). */
export function receiveData(state: RegistryState, input: DataInput): RegistryEffect[] {
  const { tree, pending, settling } = state;
  const { id, suffix, delivery, content } = input;
  const effects = noteSeen(state, input);
  if (delivery === "retained" && isLeftOver(state, id)) {
    state.early.forget(id, suffix);
    return effects;
  }
  if (tree.has(id)) return content === undefined ? effects : [...effects, ...applyContent(state, id, content)];
  const registers = input.registers && !input.isEmpty;
  if (settling.isActive) return [...effects, ...hold(state, input, registers)];
  if (input.isEmpty && !pending.has(id)) state.early.forget(id, suffix);
  else effects.push(...hold(state, input, false));
  return [...effects, ...attributeEarly(state, id, registers)];
}

/** Twin data asked over HTTP: what is new or different is published, what is the same is not (spec/http-api §3.7). */
export function changeFragments(state: RegistryState, input: FragmentsInput): RegistryEffect[] {
  const { id } = input;
  const refusal = refuseFragments(state, input);
  if (refusal !== undefined) return [{ kind: "tell", news: { kind: "refused", id, refusal, origin: "api" } }];
  return Object.entries(wantedChanges(state, input)).flatMap(([key, value]): RegistryEffect[] => {
    if (state.data.is(id, key, value)) return [];
    const stored = applyContent(state, id, { kind: "fragment", key, value });
    return [...stored, { kind: "publish-fragment", id, key, value }];
  });
}

/** Those that go away come first. */
function wantedChanges({ data }: RegistryState, { id, fragments, isWhole }: FragmentsInput): JsonObject {
  if (!isWhole) return fragments;
  const gone = data.keys(id).filter((key) => !Object.hasOwn(fragments, key));
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...fragments };
}

function refuseFragments({ tree }: RegistryState, { id, fragments }: FragmentsInput): Refusal | undefined {
  const badKey = Object.keys(fragments).find((key) => !isTwinKey(key));
  if (badKey !== undefined) return { kind: "twin-key", key: badKey };
  return tree.has(id) ? undefined : { kind: "unknown-entity", id };
}

function hold({ early }: RegistryState, { id, content }: DataInput, registers: boolean): RegistryEffect[] {
  if (!registers && content === undefined) return [];
  if (early.hold(id, registers, content)) return [];
  return [{ kind: "tell", news: { kind: "early-data-full", id } }];
}
