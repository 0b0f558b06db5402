import type { Machine } from "../base/machine.ts";
import type { Side } from "./route.ts";

export type HealthStatus = "up" | "down";

/** What is known of each side, and what was published last. */
export interface BridgeHealthState {
  readonly local?: HealthStatus;
  readonly remote?: HealthStatus;
  readonly published?: HealthStatus;
}

/** The connection of one side works, or broke. */
export interface BridgeHealthInput {
  readonly side: Side;
  readonly status: HealthStatus;
}

export interface BridgeHealthEffect {
  readonly kind: "publish";
  readonly status: HealthStatus;
}

/** The health of a bridge: nothing before both sides were heard of, then `up` as long as both are; each change once (spec/bridges-and-mappers §1.10). */
export const bridgeHealthMachine: Machine<BridgeHealthState, BridgeHealthInput, BridgeHealthEffect> = {
  initial: {},
  step(before, { side, status }) {
    const state = { ...before, [side]: status };
    if (state.local === undefined || state.remote === undefined) return { state, effects: [] };
    const overall = state.local === "up" && state.remote === "up" ? "up" : "down";
    if (overall === state.published) return { state, effects: [] };
    return { state: { ...state, published: overall }, effects: [{ kind: "publish", status: overall }] };
  },
};
