import { exhaustive } from "../base/exhaustive.ts";
import type { Machine, Step } from "../base/machine.ts";

/**
 * What a server does about certificate files that change. Whoever renews a certificate may write it and its key one after the other, so
 * that files which cannot be used are looked at once more before anybody is told.
 */
export type ReloadState =
  | { readonly kind: "steady" }
  /** Something is wrong since a moment ago. */
  | { readonly kind: "doubtful" }
  /** People were told why the files cannot be used. */
  | { readonly kind: "broken"; readonly why: string };

export type ReloadInput =
  /** The files hold what is in use. */
  | { readonly kind: "same" }
  /** `again`: this was the second look, which `look-again-soon` asked for. */
  | { readonly kind: "unusable"; readonly why: string; readonly again: boolean }
  /** They held something else that is good, and the server uses it now. */
  | { readonly kind: "in-use" };

export type ReloadEffect =
  | { readonly kind: "look-again-soon" }
  | { readonly kind: "tell-broken"; readonly why: string }
  | { readonly kind: "tell-mended" }
  | { readonly kind: "tell-in-use" };

export const serverTlsReload: Machine<ReloadState, ReloadInput, ReloadEffect> = {
  initial: { kind: "steady" },
  step(state, input) {
    switch (input.kind) {
      case "same":
        return to({ kind: "steady" }, ...(state.kind === "broken" ? [{ kind: "tell-mended" } as const] : []));
      case "in-use":
        return to({ kind: "steady" }, { kind: "tell-in-use" });
      case "unusable":
        return unusable(state, input);
      default:
        return exhaustive(input);
    }
  },
};

function unusable(
  state: ReloadState,
  { why, again }: { readonly why: string; readonly again: boolean },
): Step<ReloadState, ReloadEffect> {
  switch (state.kind) {
    case "steady":
      return to({ kind: "doubtful" }, { kind: "look-again-soon" });
    case "doubtful":
      return again ? to({ kind: "broken", why }, { kind: "tell-broken", why }) : to(state);
    case "broken":
      return why === state.why ? to(state) : to({ kind: "broken", why }, { kind: "tell-broken", why });
    default:
      return exhaustive(state);
  }
}

function to(state: ReloadState, ...effects: readonly ReloadEffect[]): Step<ReloadState, ReloadEffect> {
  return { state, effects };
}
