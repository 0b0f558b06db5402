import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fault } from "../../../src/base/fault.ts";
import {
  DRAIN_LIMIT,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorState,
  supervisorMachine,
  type UnitPhase,
} from "../../../src/services/supervisor.machine.ts";

const broken = fault("broken", "broken");
const AGENT = 0;
const MAPPER = 1;
const two = supervisorMachine({ units: [{ mapper: false }, { mapper: true }], standalone: false });
const alone = supervisorMachine({ units: [{ mapper: true }], standalone: true });

function run(machine: typeof two, inputs: readonly SupervisorInput[], from?: SupervisorState) {
  let state = from ?? machine.initial;
  let effects: readonly SupervisorEffect[] = [];
  for (const input of inputs) ({ state, effects } = machine.step(state, input));
  return { state, effects, phases: state.units.map((unit) => unit.phase.kind) };
}

const up = (unit: number, generation = 1): SupervisorInput => ({ kind: "up", unit, generation });
const crash = (unit: number, generation = 1, at = 0): SupervisorInput => ({
  kind: "crashed",
  unit,
  generation,
  fault: broken,
  at,
});
const released = (unit: number): SupervisorInput => ({ kind: "released", unit });
const started: SupervisorInput[] = [{ kind: "start" }, up(AGENT), up(MAPPER)];

describe("a unit of several", () => {
  test("all are built in order at the start, and nobody waits for anybody", () => {
    const { effects, phases } = run(two, [{ kind: "start" }]);
    expect(effects).toEqual([
      { kind: "build", unit: AGENT, generation: 1 },
      { kind: "build", unit: MAPPER, generation: 1 },
    ]);
    expect(phases).toEqual(["starting", "starting"]);
  });

  test("a crash lets go of the old instance, and the others stay as they are", () => {
    const { effects, phases } = run(two, [...started, crash(MAPPER)]);
    expect(effects).toEqual([
      { kind: "tell", notice: { kind: "crashed", unit: MAPPER, fault: broken, retryIn: 1_000 } },
      { kind: "release", unit: MAPPER },
    ]);
    expect(phases).toEqual(["up", "restarting"]);
  });

  test("the new instance comes after the old one has let go and the delay has passed", () => {
    const waiting = run(two, [...started, crash(MAPPER), released(MAPPER)]);
    expect(waiting.effects).toEqual([{ kind: "wait", unit: MAPPER, delay: 1_000 }]);
    const again = run(two, [{ kind: "waited", unit: MAPPER, at: 1_000 }], waiting.state);
    expect(again.effects).toEqual([{ kind: "build", unit: MAPPER, generation: 2 }]);
  });

  test("the delay doubles with each restart of the last minute", () => {
    expect(crashDelays([0, 0, 0, 0, 0])).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  test("restarts older than a minute are forgotten", () => {
    expect(crashDelays([0, 70_000, 70_000, 70_000])).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  test("a crash when five restarts lie within the last minute gives the unit up, and the others go on", () => {
    const { state, effects } = crashTimes(5);
    const last = run(two, [crash(MAPPER, 6, 31_000)], state);
    expect(effects).toContainEqual({ kind: "build", unit: MAPPER, generation: 6 });
    expect(last.effects).toEqual([
      { kind: "tell", notice: { kind: "gave-up", unit: MAPPER, fault: broken } },
      { kind: "release", unit: MAPPER },
    ]);
    expect(run(two, [released(MAPPER)], last.state)).toMatchObject({ phases: ["up", "given-up"], effects: [] });
  });

  test("the process ends with 1 once every unit was given up", () => {
    const one = supervisorMachine({ units: [{ mapper: true }], standalone: false });
    const given = { kind: "giving-up" } as const;
    const state: SupervisorState = { ...one.initial, units: [{ phase: given, generation: 6, restarts: [] }] };
    const { effects } = run(one, [released(0)], state);
    expect(effects).toEqual([
      { kind: "tell", notice: { kind: "all-gave-up" } },
      { kind: "exit", code: 1 },
    ]);
  });

  test("a word of an older instance is not heard", () => {
    const rebuilt: SupervisorInput[] = [crash(MAPPER), released(MAPPER), { kind: "waited", unit: MAPPER, at: 1_000 }];
    const { phases, effects } = run(two, [...started, ...rebuilt, crash(MAPPER, 1, 1_000)]);
    expect(phases).toEqual(["up", "starting"]);
    expect(effects).toEqual([]);
    expect(run(two, [...started, ...rebuilt, up(MAPPER, 1)]).phases).toEqual(["up", "starting"]);
  });
});

describe("restarting the mappers", () => {
  test.each([
    ["starting", ["starting", "restarting"]],
    ["up", ["up", "restarting"]],
  ] as const)("a mapper that is %s is drained, then built at once", (phase, phases) => {
    const before: SupervisorInput[] = phase === "starting" ? [{ kind: "start" }] : started;
    const asked = run(two, [...before, { kind: "restart-mappers" }]);
    expect(asked.phases).toEqual([...phases]);
    expect(asked.effects).toContainEqual({ kind: "release", unit: MAPPER });
    expect(asked.effects).not.toContainEqual({ kind: "release", unit: AGENT });
    expect(run(two, [released(MAPPER)], asked.state).effects).toEqual([{ kind: "build", unit: MAPPER, generation: 2 }]);
  });

  test.each<UnitPhase>([{ kind: "restarting", delay: 1_000 }, { kind: "waiting" }])(
    "a mapper that is restarted already ($kind) is left to it",
    (phase) => {
      const state = withMapper(phase);
      expect(run(two, [{ kind: "restart-mappers" }], state)).toMatchObject({ state, effects: [] });
    },
  );

  test("a mapper that was given up is revived with a clean record", () => {
    const { state, effects } = run(two, [{ kind: "restart-mappers" }], withMapper({ kind: "given-up" }, [1, 2, 3]));
    expect(effects).toContainEqual({ kind: "build", unit: MAPPER, generation: 7 });
    expect(state.units[MAPPER]).toEqual({ phase: { kind: "starting" }, generation: 7, restarts: [] });
  });

  test("a mapper that is just being given up is built anew once it has let go", () => {
    const asked = run(two, [{ kind: "restart-mappers" }], withMapper({ kind: "giving-up" }, [1, 2, 3]));
    expect(asked.effects).not.toContainEqual({ kind: "release", unit: MAPPER });
    expect(run(two, [released(MAPPER)], asked.state).effects).toEqual([{ kind: "build", unit: MAPPER, generation: 7 }]);
  });

  test("restarts on request don't count as crashes", () => {
    const asked = run(two, [...started, { kind: "restart-mappers" }, released(MAPPER), crash(MAPPER, 2)]);
    expect(asked.effects).toContainEqual(
      expect.objectContaining({ kind: "tell", notice: expect.objectContaining({ retryIn: 1_000 }) }),
    );
  });
});

describe("draining", () => {
  test("units let go in reverse order, one after the other", () => {
    const first = run(two, [...started, { kind: "drain", exit: 0 }]);
    expect(first.effects).toEqual([
      { kind: "limit-drain", limit: DRAIN_LIMIT },
      { kind: "release", unit: MAPPER },
    ]);
    const second = run(two, [released(MAPPER)], first.state);
    expect(second.effects).toEqual([{ kind: "release", unit: AGENT }]);
    expect(run(two, [released(AGENT)], second.state).effects).toEqual([{ kind: "exit", code: 0 }]);
  });

  test("the exit code is the one of the first reason", () => {
    const { effects } = run(two, [
      { kind: "start" },
      { kind: "drain", exit: 1 },
      { kind: "drain", exit: 0 },
      released(1),
      released(0),
    ]);
    expect(effects).toEqual([{ kind: "exit", code: 1 }]);
  });

  test("a mapper that lets go already is not asked twice", () => {
    const { effects, phases } = run(two, [...started, crash(MAPPER), { kind: "drain", exit: 0 }]);
    expect(effects).toEqual([{ kind: "limit-drain", limit: DRAIN_LIMIT }]);
    expect(phases).toEqual(["up", "stopping"]);
  });

  test("a mapper that waits for its restart holds nothing and is skipped", () => {
    const { effects } = run(two, [{ kind: "drain", exit: 0 }], withMapper({ kind: "waiting" }));
    expect(effects).toEqual([
      { kind: "limit-drain", limit: DRAIN_LIMIT },
      { kind: "cancel-wait", unit: MAPPER },
      { kind: "release", unit: AGENT },
    ]);
  });

  test("a crash while draining changes nothing", () => {
    const { effects, phases } = run(two, [...started, { kind: "drain", exit: 0 }, crash(AGENT)]);
    expect(effects).toEqual([]);
    expect(phases).toEqual(["up", "stopping"]);
  });

  test("a drain that takes too long ends the process with a failure", () => {
    const { effects } = run(two, [...started, { kind: "drain", exit: 0 }, { kind: "drained-too-long" }]);
    expect(effects).toEqual([
      { kind: "tell", notice: { kind: "drain-cut-short" } },
      { kind: "exit", code: 1 },
    ]);
  });

  test("before anything was started there is nothing to drain", () => {
    expect(run(two, [{ kind: "drain", exit: 0 }]).effects).toEqual([
      { kind: "limit-drain", limit: DRAIN_LIMIT },
      { kind: "exit", code: 0 },
    ]);
  });
});

describe("a unit alone in its process", () => {
  test("a crash drains it and ends the process with 1", () => {
    const crashed = run(alone, [{ kind: "start" }, up(0), crash(0)]);
    expect(crashed.effects).toEqual([
      { kind: "tell", notice: { kind: "crashed", unit: 0, fault: broken } },
      { kind: "limit-drain", limit: DRAIN_LIMIT },
      { kind: "release", unit: 0 },
    ]);
    expect(run(alone, [released(0)], crashed.state).effects).toEqual([{ kind: "exit", code: 1 }]);
  });

  test("SIGUSR1 is ignored, and told", () => {
    const { effects, phases } = run(alone, [{ kind: "start" }, up(0), { kind: "restart-mappers" }]);
    expect(effects).toEqual([{ kind: "tell", notice: { kind: "restart-ignored" } }]);
    expect(phases).toEqual(["up"]);
  });
});

test("whatever happens, an instance is let go before the next is built, and exit comes once and last", () => {
  const unit = fc.nat({ max: 2 });
  const input: fc.Arbitrary<SupervisorInput> = fc.oneof(
    fc.record({ kind: fc.constant("up" as const), unit, generation: fc.nat({ max: 4 }) }),
    fc.record({
      kind: fc.constant("crashed" as const),
      unit,
      generation: fc.nat({ max: 8 }),
      fault: fc.constant(broken),
      at: fc.nat({ max: 90_000 }),
    }),
    fc.record({ kind: fc.constant("released" as const), unit }),
    fc.record({ kind: fc.constant("waited" as const), unit, at: fc.nat({ max: 90_000 }) }),
    fc.constant<SupervisorInput>({ kind: "restart-mappers" }),
    fc.record({ kind: fc.constant("drain" as const), exit: fc.nat({ max: 1 }) }),
  );
  const machine = supervisorMachine({
    units: [{ mapper: false }, { mapper: true }, { mapper: true }],
    standalone: false,
  });
  fc.assert(
    fc.property(fc.array(input, { maxLength: 200 }), (inputs) => {
      const live = new Set<number>();
      const asked = new Set<number>();
      let over = false;
      let state = machine.initial;
      for (const next of [{ kind: "start" } as const, ...inputs]) {
        // The world answers only what it was asked.
        if (next.kind === "released" && !asked.delete(next.unit)) continue;
        if (next.kind === "released") live.delete(next.unit);
        const step = machine.step(state, next);
        state = step.state;
        for (const effect of step.effects) {
          expect(over).toBe(false);
          if (effect.kind === "build") {
            expect(live.has(effect.unit)).toBe(false);
            live.add(effect.unit);
          }
          if (effect.kind === "release") {
            expect(live.has(effect.unit)).toBe(true);
            expect(asked.has(effect.unit)).toBe(false);
            asked.add(effect.unit);
          }
          if (effect.kind === "exit") {
            expect(live.size).toBe(0);
            over = true;
          }
        }
      }
    }),
  );
});

function withMapper(phase: UnitPhase, restarts: readonly number[] = []): SupervisorState {
  const { state } = run(two, started);
  return {
    ...state,
    units: state.units.map((unit, at) => (at === MAPPER ? { phase, generation: 6, restarts } : unit)),
  };
}

/** The delays of crashes, each so many milliseconds after the restart before it. */
function crashDelays(pauses: readonly number[]): readonly number[] {
  let { state } = run(two, started);
  let at = 0;
  return pauses.map((pause, index) => {
    at += pause;
    const crashed = run(two, [crash(MAPPER, index + 1, at), released(MAPPER)], state);
    const wait = crashed.effects.find((effect) => effect.kind === "wait");
    const delay = wait?.delay ?? 0;
    at += delay;
    state = run(two, [{ kind: "waited", unit: MAPPER, at }, up(MAPPER, index + 2)], crashed.state).state;
    return delay;
  });
}

function crashTimes(times: number) {
  let result = run(two, started);
  for (let index = 1; index <= times; index += 1) {
    const at = 2 ** (index - 1) * 1_000;
    const crashed = run(two, [crash(MAPPER, index, at), released(MAPPER)], result.state);
    result = run(two, [{ kind: "waited", unit: MAPPER, at: at + 500 }], crashed.state);
  }
  return result;
}
