import { exhaustive } from "../../base/exhaustive.ts";
import type { Machine, Step } from "../../base/machine.ts";

/**
 * How the files of one command get to its device (spec/operations §10):
 *
 * ```
 * idle ─asked─► recording ─► fetching ─► marking ─► announcing ─► following ─final state, cleared─► removing ─► idle
 *                   │ disk      │ source   │ disk      │ refused      │ silent for too long            ▲
 *                   └───────────┴──────────┴───────────┴──────────────┴──► failing ────────────────────┘
 * restored ─► unsure ─request again─► fetching        ─state of the device─► following        ─nothing─► removing
 * ```
 *
 * Each state is on disk, as far as it has to be, before what follows from it can be seen by others.
 */
export type DeliveryState =
  | { readonly kind: "idle" }
  | { readonly kind: "recording" }
  | { readonly kind: "fetching" }
  /** The files are there; the disk is told that the device is about to know. */
  | { readonly kind: "marking" }
  | { readonly kind: "announcing" }
  | { readonly kind: "following" }
  | { readonly kind: "failing" }
  /** `again`: the requester has asked anew meanwhile. */
  | { readonly kind: "removing"; readonly again: boolean }
  /** Of an earlier process; `marked` says that it may have told the device. */
  | { readonly kind: "unsure"; readonly marked: boolean };

export type DeliveryInput =
  /** The request arrived; `isRetained` says that it is what the topic holds now, and not a repeated delivery. */
  | { readonly kind: "asked"; readonly isRetained: boolean }
  | { readonly kind: "recorded" }
  | { readonly kind: "fetched" }
  | { readonly kind: "marked" }
  /** The broker has what was last announced, or never will. */
  | { readonly kind: "published"; readonly isRefused: boolean }
  /** Something that this state waits for cannot be done. */
  | { readonly kind: "impossible"; readonly reason: string }
  /** Another state of the command, also one of ours that comes back. */
  | { readonly kind: "status"; readonly isFinal: boolean }
  /** The requester cleared the topic, or the device is no longer registered. */
  | { readonly kind: "cleared" }
  | { readonly kind: "silence" }
  | { readonly kind: "removed" }
  | { readonly kind: "restored"; readonly marked: boolean }
  /** What the broker retains should have come by now. */
  | { readonly kind: "settled" };

export type DeliveryEffect =
  /** Makes the request and the names of its files safe on disk. */
  | { readonly kind: "record" }
  | { readonly kind: "fetch" }
  | { readonly kind: "stop-fetching" }
  | { readonly kind: "mark" }
  /** Publishes the request as `init`, with local URLs. */
  | { readonly kind: "announce" }
  | { readonly kind: "fail"; readonly reason: string }
  /** The device did not answer in time. */
  | { readonly kind: "fail-silent" }
  | { readonly kind: "arm" }
  | { readonly kind: "disarm" }
  /** Removes the files from the file transfer service, then the record. */
  | { readonly kind: "remove" };

type Decided = Step<DeliveryState, DeliveryEffect>;

export const deliveryMachine: Machine<DeliveryState, DeliveryInput, DeliveryEffect> = {
  initial: { kind: "idle" },
  step(state, input) {
    switch (state.kind) {
      case "idle":
        if (input.kind === "asked") return go({ kind: "recording" }, { kind: "record" });
        return input.kind === "restored" ? go({ kind: "unsure", marked: input.marked }) : stay(state);
      case "recording":
        return input.kind === "recorded" ? go({ kind: "fetching" }, { kind: "fetch" }) : whileAlone(state, input);
      case "fetching":
        return input.kind === "fetched"
          ? go({ kind: "marking" }, { kind: "mark" })
          : whileAlone(state, input, { kind: "stop-fetching" });
      case "marking":
        return input.kind === "marked" ? go({ kind: "announcing" }, { kind: "announce" }) : whileAlone(state, input);
      case "announcing":
        return announcing(state, input);
      case "following":
        return following(state, input);
      case "failing":
        if (input.kind === "published" || input.kind === "cleared") return remove();
        return input.kind === "status" && input.isFinal ? remove() : stay(state);
      case "removing":
        return removing(state, input);
      case "unsure":
        return unsure(state, input);
      default:
        return exhaustive(state);
    }
  },
};

/** Before the device knows. A state that somebody else publishes means that the command goes on without us. */
function whileAlone(state: DeliveryState, input: DeliveryInput, ...undo: readonly DeliveryEffect[]): Decided {
  switch (input.kind) {
    case "impossible":
      return fail(input.reason);
    case "status":
    case "cleared":
      return remove(...undo);
    default:
      return stay(state);
  }
}

function announcing(state: DeliveryState, input: DeliveryInput): Decided {
  switch (input.kind) {
    case "published":
      return input.isRefused
        ? fail("The broker did not take the request with the local URL")
        : go({ kind: "following" }, { kind: "arm" });
    case "status":
      return input.isFinal ? remove() : go({ kind: "following" }, { kind: "arm" });
    case "cleared":
      return remove();
    default:
      return stay(state);
  }
}

function following(state: DeliveryState, input: DeliveryInput): Decided {
  switch (input.kind) {
    case "status":
      return input.isFinal ? remove({ kind: "disarm" }) : go(state, { kind: "arm" });
    case "cleared":
      return remove({ kind: "disarm" });
    case "silence":
      return go({ kind: "failing" }, { kind: "fail-silent" });
    default:
      return stay(state);
  }
}

function removing(state: DeliveryState & { kind: "removing" }, input: DeliveryInput): Decided {
  switch (input.kind) {
    case "asked":
      return stay({ kind: "removing", again: true });
    case "cleared":
      return stay({ kind: "removing", again: false });
    case "removed":
      return state.again ? go({ kind: "recording" }, { kind: "record" }) : stay({ kind: "idle" });
    default:
      return stay(state);
  }
}

function unsure(state: DeliveryState & { kind: "unsure" }, input: DeliveryInput): Decided {
  switch (input.kind) {
    case "asked":
      // After the mark, only what the topic holds now proves that the device was never told.
      return state.marked && !input.isRetained ? stay(state) : go({ kind: "recording" }, { kind: "record" });
    case "status":
      return input.isFinal ? remove() : go({ kind: "following" }, { kind: "arm" });
    case "cleared":
    case "settled":
      return remove();
    default:
      return stay(state);
  }
}

function fail(reason: string): Decided {
  return go({ kind: "failing" }, { kind: "fail", reason });
}

function remove(...before: readonly DeliveryEffect[]): Decided {
  return go({ kind: "removing", again: false }, ...before, { kind: "remove" });
}

function go(state: DeliveryState, ...effects: readonly DeliveryEffect[]): Decided {
  return { state, effects };
}

function stay(state: DeliveryState): Decided {
  return { state, effects: [] };
}
