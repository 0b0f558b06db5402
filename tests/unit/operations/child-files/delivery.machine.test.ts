import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type DeliveryInput,
  type DeliveryState,
  deliveryMachine,
} from "../../../../src/operations/child-files/delivery.machine.ts";

const INPUTS = {
  asked: { kind: "asked", isRetained: false },
  "asked (retained)": { kind: "asked", isRetained: true },
  recorded: { kind: "recorded" },
  fetched: { kind: "fetched" },
  marked: { kind: "marked" },
  published: { kind: "published", isRefused: false },
  refused: { kind: "published", isRefused: true },
  impossible: { kind: "impossible", reason: "r" },
  moved: { kind: "status", isFinal: false },
  ended: { kind: "status", isFinal: true },
  cleared: { kind: "cleared" },
  silence: { kind: "silence" },
  removed: { kind: "removed" },
  restored: { kind: "restored", marked: false },
  "restored (marked)": { kind: "restored", marked: true },
  settled: { kind: "settled" },
} as const satisfies Record<string, DeliveryInput>;

const STATES = {
  idle: { kind: "idle" },
  recording: { kind: "recording" },
  fetching: { kind: "fetching" },
  marking: { kind: "marking" },
  announcing: { kind: "announcing" },
  following: { kind: "following" },
  failing: { kind: "failing" },
  removing: { kind: "removing", again: false },
  "removing again": { kind: "removing", again: true },
  unsure: { kind: "unsure", marked: false },
  "unsure, marked": { kind: "unsure", marked: true },
} as const satisfies Record<string, DeliveryState>;

type Transition = readonly [to: keyof typeof STATES, ...effects: string[]];

/** Every transition; what is not here changes nothing. */
const TABLE: Record<keyof typeof STATES, Partial<Record<keyof typeof INPUTS, Transition>>> = {
  idle: {
    asked: ["recording", "record"],
    "asked (retained)": ["recording", "record"],
    restored: ["unsure"],
    "restored (marked)": ["unsure, marked"],
  },
  recording: {
    recorded: ["fetching", "fetch"],
    impossible: ["failing", "fail"],
    moved: ["removing", "remove"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
  },
  fetching: {
    fetched: ["marking", "mark"],
    impossible: ["failing", "fail"],
    moved: ["removing", "stop-fetching", "remove"],
    ended: ["removing", "stop-fetching", "remove"],
    cleared: ["removing", "stop-fetching", "remove"],
  },
  marking: {
    marked: ["announcing", "announce"],
    impossible: ["failing", "fail"],
    moved: ["removing", "remove"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
  },
  announcing: {
    published: ["following", "arm"],
    refused: ["failing", "fail"],
    moved: ["following", "arm"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
  },
  following: {
    moved: ["following", "arm"],
    ended: ["removing", "disarm", "remove"],
    cleared: ["removing", "disarm", "remove"],
    silence: ["failing", "fail-silent"],
  },
  failing: {
    published: ["removing", "remove"],
    refused: ["removing", "remove"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
  },
  removing: {
    asked: ["removing again"],
    "asked (retained)": ["removing again"],
    removed: ["idle"],
  },
  "removing again": {
    cleared: ["removing"],
    removed: ["recording", "record"],
  },
  unsure: {
    asked: ["recording", "record"],
    "asked (retained)": ["recording", "record"],
    moved: ["following", "arm"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
    settled: ["removing", "remove"],
  },
  "unsure, marked": {
    "asked (retained)": ["recording", "record"],
    moved: ["following", "arm"],
    ended: ["removing", "remove"],
    cleared: ["removing", "remove"],
    settled: ["removing", "remove"],
  },
};

const keysOf = <Key extends string>(record: Record<Key, unknown>) => Object.keys(record) as Key[];

describe.each(keysOf(STATES))("%s", (name) => {
  test.each(keysOf(INPUTS))("at %s", (input) => {
    const { state, effects } = deliveryMachine.step(STATES[name], INPUTS[input]);
    const [to, ...expected] = TABLE[name][input] ?? [name];
    expect<readonly unknown[]>([state, effects.map(({ kind }) => kind)]).toEqual([STATES[to], expected]);
  });
});

const anyInput = fc.constantFrom<DeliveryInput>(...Object.values(INPUTS));

test("The device is told only after the request is on disk, the files are there and the mark is on disk", () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
      let state = deliveryMachine.initial;
      let steps: string[] = [];
      for (const input of inputs) {
        const step = deliveryMachine.step(state, input);
        state = step.state;
        for (const { kind } of step.effects) {
          if (kind === "record") steps = [];
          if (kind === "announce") expect(steps).toEqual(["record", "fetch", "mark"]);
          steps.push(kind);
        }
      }
    }),
  );
});

test("Whatever happened, a command that is cleared is removed once the disk has answered", () => {
  fc.assert(
    fc.property(fc.array(anyInput, { maxLength: 40 }), (inputs) => {
      let state = deliveryMachine.initial;
      for (const input of [...inputs, INPUTS.cleared]) state = deliveryMachine.step(state, input).state;
      expect(["idle", "removing"]).toContain(state.kind);
      expect(deliveryMachine.step(state, INPUTS.removed).state).toEqual({ kind: "idle" });
    }),
  );
});
