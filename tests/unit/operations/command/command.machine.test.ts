import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type CommandLife,
  commandMachine,
  type Effect,
  type Input,
  type Phase,
} from "../../../../src/operations/command/command.machine.ts";
import type { SubCommand } from "../../../../src/operations/command/sub-command.ts";
import type { Action, Workflow } from "../../../../src/operations/workflow/definition.ts";
import { aCommand, anAddress } from "../a-command.ts";

const NOTHING = { kind: "table", table: {} } as const;
const to = (status: string) => ({ status });
const ends = { onSuccess: to("successful"), onError: to("failed") };

const actions: readonly (readonly [string, Action])[] = [
  ["init", { kind: "proceed", onSuccess: to("script") }],
  ["script", { kind: "script", command: ["x"], exits: { codes: [], error: to("failed") } }],
  ["proceed", { kind: "proceed", onSuccess: { status: "script", reason: "why" } }],
  ["background", { kind: "background-script", command: ["x"], onExec: to("script") }],
  ["sub", { kind: "sub-operation", operation: "y", input: NOTHING, onExec: to("await") }],
  ["builtin", { kind: "builtin-operation", operation: "op", onExec: to("await-builtin") }],
  [
    "await",
    {
      kind: "await-operation-completion",
      builtin: false,
      output: NOTHING,
      timeout: 5_000,
      onTimeout: { status: "failed", reason: "timeout" },
      ...ends,
    },
  ],
  [
    "await-builtin",
    {
      kind: "await-operation-completion",
      builtin: true,
      output: NOTHING,
      timeout: 5_000,
      onTimeout: to("failed"),
      ...ends,
    },
  ],
  ["await-restart", { kind: "await-agent-restart", timeout: 60_000, onSuccess: to("script"), onTimeout: to("failed") }],
  ["restart", { kind: "restart-agent", onExec: to("await-restart") }],
  [
    "iterate",
    {
      kind: "iterate",
      text: "",
      target: { kind: "payload", steps: ["l"] },
      onNext: to("script"),
      onSuccess: to("successful"),
      onError: to("failed"),
    },
  ],
  ["download", { kind: "download", input: NOTHING, ...ends }],
  ["upload", { kind: "upload", input: NOTHING, ...ends }],
  ["step", { kind: "builtin-step", operation: "x", step: "y", input: NOTHING, ...ends }],
  ["refuse", { kind: "refuse", reason: "ill-formed" }],
  ["successful", { kind: "cleanup" }],
  ["failed", { kind: "cleanup" }],
];
const workflow: Workflow = { operation: "op", version: "v", states: new Map(actions) };
const machine = (status: string) => commandMachine(workflow, { status });

function life(phase: Phase, status: string, more: Partial<CommandLife> = {}): CommandLife {
  return { ...machine(status).initial, phase, step: 3, ...more };
}

function step(state: CommandLife, input: Input) {
  const next = machine(state.payload.status).step(state, input);
  return { ...next, phase: next.state.phase.kind, did: next.effects.map(({ kind }) => kind) };
}

const sub: SubCommand = { command: aCommand({}, anAddress("y", "sub:op:1")), workflow };

/** One command in each phase, as it comes about. */
const lives = {
  new: life({ kind: "new" }, "script", { step: 0 }),
  saving: life({ kind: "saving", afterwards: [] }, "script"),
  queued: life({ kind: "queued" }, "script"),
  acting: life({ kind: "acting" }, "script", { place: true }),
  waiting: life({ kind: "waiting" }, "await", { sub: true }),
  ended: life({ kind: "ended" }, "successful"),
  leaving: life({ kind: "leaving" }, "script", { place: true }),
  gone: life({ kind: "gone" }, "script"),
  stopped: life({ kind: "stopped" }, "script"),
} satisfies Record<Phase["kind"], CommandLife>;

const inputs = {
  begin: { kind: "begin", origin: "request", sub: false },
  turn: { kind: "turn" },
  saved: { kind: "saved" },
  moved: { kind: "moved", step: 3, transition: { status: "successful", update: {} } },
  interrupted: { kind: "interrupted", step: 3 },
  timeout: { kind: "timeout", step: 3 },
  clear: { kind: "clear" },
  stop: { kind: "stop" },
} satisfies Record<Input["kind"], Input>;

const FAREWELL = ["disarm", "dismiss-subs", "forget"];
type Row = readonly [phase: Phase["kind"], did: readonly string[]];

/** What every input does in every phase; what is not here changes nothing. */
const transitions: Record<Phase["kind"], Partial<Record<Input["kind"], Row>>> = {
  new: {
    begin: ["queued", ["enter-queue"]],
    turn: ["new", ["leave-queue"]],
    clear: ["gone", FAREWELL],
    stop: ["stopped", []],
  },
  saving: {
    turn: ["saving", ["leave-queue"]],
    saved: ["queued", ["publish", "enter-queue"]],
    clear: ["gone", FAREWELL],
  },
  queued: {
    turn: ["acting", ["announce", "perform"]],
    clear: ["gone", ["leave-queue", ...FAREWELL]],
    stop: ["stopped", ["leave-queue"]],
  },
  acting: {
    moved: ["saving", ["disarm", "save"]],
    interrupted: ["stopped", ["leave-queue"]],
    clear: ["leaving", ["abort", ...FAREWELL]],
    stop: ["acting", ["disarm", "abort"]],
  },
  waiting: {
    turn: ["waiting", ["leave-queue"]],
    moved: ["saving", ["disarm", "save"]],
    timeout: ["saving", ["abort", "disarm", "save"]],
    clear: ["gone", FAREWELL],
    stop: ["stopped", ["disarm"]],
  },
  ended: { turn: ["ended", ["leave-queue"]], clear: ["gone", FAREWELL], stop: ["stopped", []] },
  leaving: { moved: ["gone", ["leave-queue"]], interrupted: ["gone", ["leave-queue"]] },
  gone: { turn: ["gone", ["leave-queue"]] },
  stopped: { turn: ["stopped", ["leave-queue"]], clear: ["gone", FAREWELL] },
};

describe("every input in every phase", () => {
  for (const [phase, state] of Object.entries(lives)) {
    for (const [kind, input] of Object.entries(inputs)) {
      const row = transitions[phase as Phase["kind"]][kind as Input["kind"]];
      test(`${kind} in ${phase} ${row === undefined ? "changes nothing" : `leads to ${row[0]}`}`, () => {
        const { phase: next, did } = step(state, input);
        expect<unknown>([next, did]).toEqual([row?.[0] ?? (phase as Phase["kind"]), [...(row?.[1] ?? [])]]);
      });
    }
  }
});

describe("each action, once it is the command's turn", () => {
  const rows: readonly (readonly [state: string, phase: Phase["kind"], did: readonly string[], next: string])[] = [
    ["init", "saving", ["announce", "disarm", "save"], "script"],
    ["proceed", "saving", ["announce", "disarm", "save"], "script"],
    ["script", "acting", ["announce", "perform"], "script"],
    ["background", "saving", ["announce", "disarm", "save"], "script"],
    ["sub", "acting", ["announce", "perform"], "sub"],
    ["builtin", "saving", ["announce", "disarm", "save"], "await-builtin"],
    ["await", "saving", ["announce", "disarm", "save"], "failed"],
    ["await-builtin", "acting", ["announce", "arm", "perform"], "await-builtin"],
    ["await-restart", "waiting", ["announce", "arm"], "await-restart"],
    ["restart", "saving", ["announce", "disarm", "save"], "await-restart"],
    ["iterate", "acting", ["announce", "perform"], "iterate"],
    ["download", "acting", ["announce", "perform"], "download"],
    ["upload", "acting", ["announce", "perform"], "upload"],
    ["step", "acting", ["announce", "perform"], "step"],
    ["refuse", "saving", ["announce", "disarm", "save"], "failed"],
    ["unknown", "saving", ["announce", "disarm", "save"], "failed"],
  ];
  test.each(rows)("%s", (status, phase, did, next) => {
    const result = step(life({ kind: "queued" }, status), { kind: "turn" });
    expect<unknown>([result.phase, result.did, result.state.payload.status]).toEqual([phase, [...did], next]);
  });

  test("a handler's reason comes along", () => {
    expect(step(life({ kind: "queued" }, "proceed"), { kind: "turn" }).state.payload).toEqual({
      status: "script",
      reason: "why",
    });
  });

  test("a state that the workflow does not know, and a wait for nothing, fail with a reason", () => {
    expect(step(life({ kind: "queued" }, "unknown"), { kind: "turn" }).state.payload.reason).toBe(
      "The workflow has no state unknown",
    );
    expect(step(life({ kind: "queued" }, "await"), { kind: "turn" }).state.payload.reason).toBe(
      "There is no sub-operation to wait for",
    );
  });
});

describe("a new state", () => {
  const saving = life({ kind: "saving", afterwards: [] }, "script", { place: true });

  test("is published once it is on disk, then acted upon", () => {
    expect(step(saving, { kind: "saved" }).did).toEqual(["publish", "announce", "perform"]);
  });

  test("that is the last one gives the place back", () => {
    const { did, phase } = step({ ...saving, payload: { status: "failed" } }, { kind: "saved" });
    expect([phase, did]).toEqual(["ended", ["publish", "leave-queue", "announce", "ended"]]);
  });

  test("in which a sub-command is awaited gives the place back and watches", () => {
    const { did, phase, state } = step({ ...saving, payload: { status: "await" }, sub: true }, { kind: "saved" });
    expect([phase, did, state.place]).toEqual([
      "waiting",
      ["publish", "leave-queue", "announce", "arm", "watch-sub"],
      false,
    ]);
  });

  test("is not acted upon while the agent stops", () => {
    const { did, phase } = step({ ...saving, stopping: true }, { kind: "saved" });
    expect([phase, did]).toEqual(["stopped", ["publish", "leave-queue"]]);
  });

  test("that the workflow does not know becomes failed", () => {
    const transition = { status: "nowhere", update: { x: 1 } };
    const { state } = step(lives.acting, { kind: "moved", step: 3, transition });
    expect(state.payload).toEqual({ status: "failed", x: 1, reason: "The workflow has no state nowhere" });
  });

  test("keeps the members of the payload and takes those of the update, but not its status", () => {
    const acting = { ...lives.acting, payload: { status: "script", a: 1, b: 1 } };
    const transition = { status: "successful", update: { b: 2, c: 3, status: "x" } };
    expect(step(acting, { kind: "moved", step: 3, transition }).state.payload).toEqual({
      status: "successful",
      a: 1,
      b: 2,
      c: 3,
    });
  });
});

describe("what belongs to an earlier step", () => {
  test.each(["moved", "interrupted", "timeout"] as const)("as a late %s changes nothing", (kind) => {
    for (const phase of ["acting", "waiting", "leaving"] as const) {
      const { state, did } = step(lives[phase], { ...inputs[kind], step: 2 });
      expect([state, did]).toEqual([lives[phase], []]);
    }
  });
});

test("a background script and the restart of the agent begin once the next state is published", () => {
  for (const [status, effect] of [
    ["background", "run-background"],
    ["restart", "restart-agent"],
  ] as const) {
    const moving = step(life({ kind: "queued" }, status), { kind: "turn" });
    expect(step(moving.state, { kind: "saved" }).did.slice(0, 2)).toEqual(["publish", effect]);
  }
});

test("a background script runs on the state that asked for it", () => {
  const moving = step(life({ kind: "queued" }, "background"), { kind: "turn" });
  const effect = step(moving.state, { kind: "saved" }).effects[1];
  expect(effect).toEqual({ kind: "run-background", command: ["x"], payload: { status: "background" } });
});

test("a sub-command joins the board with its parent's new state and begins after that is published", () => {
  const acting = life({ kind: "acting" }, "sub", { place: true });
  const moved = step(acting, { kind: "moved", step: 3, transition: { status: "await", update: {} }, sub });
  expect(moved.effects).toContainEqual({ kind: "save", payload: { status: "await" }, drop: false, spawn: sub });
  expect(step(moved.state, { kind: "saved" }).did).toEqual([
    "publish",
    "begin-sub",
    "leave-queue",
    "announce",
    "arm",
    "watch-sub",
  ]);
});

test("a sub-command leaves the board with its parent's next state and is cleared after that is published", () => {
  const moved = step(lives.waiting, { kind: "moved", step: 3, transition: { status: "script", update: {} } });
  expect(moved.effects).toContainEqual({ kind: "save", payload: { status: "script" }, drop: true });
  expect(moved.state.sub).toBe(false);
  const saved = step(moved.state, { kind: "saved" });
  expect(saved.effects.slice(0, 2)).toEqual([
    { kind: "publish", payload: { status: "script" } },
    { kind: "dismiss-subs", which: "awaited" },
  ]);
  expect(saved.effects).toContainEqual({ kind: "enter-queue", ahead: true });
});

test("what is found at start is published and knows that it is resumed, until it moves", () => {
  const found = step(lives.new, { kind: "begin", origin: "resumed", sub: false });
  expect(found.did).toEqual(["publish", "enter-queue"]);
  const acting = step(found.state, { kind: "turn" });
  expect(acting.effects).toContainEqual(expect.objectContaining({ kind: "perform", resumed: true }));
  expect(step(acting.state, { ...inputs.moved, step: 0 }).state.resumed).toBe(false);
});

test("what was at its end before the start is published again, but not logged again", () => {
  const ended = { ...lives.new, payload: { status: "failed" } };
  expect(step(ended, { kind: "begin", origin: "resumed", sub: false }).did).toEqual(["publish", "ended"]);
});

test("the time for a restart of the agent or for a built-in operation can run out", () => {
  const restart = life({ kind: "waiting" }, "await-restart", { place: true, sub: true });
  const late = step(restart, inputs.timeout);
  expect([late.phase, late.state.payload.status, late.state.sub]).toEqual(["saving", "failed", true]);
  const builtin = life({ kind: "acting" }, "await-builtin", { place: true });
  expect(step(builtin, inputs.timeout).did).toEqual(["abort", "disarm", "save"]);
});

describe("whatever happens", () => {
  const transition = fc.constantFrom(...actions.map(([status]) => status), "nowhere").map((status) => ({
    status,
    update: {},
  }));
  const stepNumber = fc.nat({ max: 6 });
  const input: fc.Arbitrary<Input> = fc.oneof(
    fc.constant<Input>({ kind: "turn" }),
    fc.constant<Input>({ kind: "saved" }),
    fc.record({ kind: fc.constant("moved" as const), step: stepNumber, transition }),
    fc.record({ kind: fc.constant("moved" as const), step: stepNumber, transition, sub: fc.constant(sub) }),
    fc.record({ kind: fc.constant("interrupted" as const), step: stepNumber }),
    fc.record({ kind: fc.constant("timeout" as const), step: stepNumber }),
    fc.constant<Input>({ kind: "clear" }),
    fc.constant<Input>({ kind: "stop" }),
  );
  const origin = fc.constantFrom("request" as const, "spawned" as const, "resumed" as const);

  test("a state is saved before it is published, published before it is acted upon, and nothing follows a clear", () => {
    fc.assert(
      fc.property(fc.constantFrom(...actions), origin, fc.array(input, { maxLength: 30 }), ([status], from, then) => {
        const { initial, step: next } = machine(status);
        let state = initial;
        let stored: unknown = initial.payload;
        let published: unknown = from === "request" ? initial.payload : undefined;
        let waiting: unknown;
        let cleared = false;
        let queued = false;
        const check = (effect: Effect) => {
          if (effect.kind === "save") waiting = effect.payload;
          if (effect.kind === "publish") {
            expect(effect.payload).toEqual(stored as never);
            published = effect.payload;
          }
          if (effect.kind === "perform") {
            expect(effect.payload).toEqual(published as never);
            expect(queued).toBe(true);
          }
          if (effect.kind === "enter-queue") {
            expect(queued).toBe(false);
            queued = true;
          }
          if (effect.kind === "leave-queue") queued = false;
          if (cleared) expect(["leave-queue"]).toContain(effect.kind);
          if (effect.kind === "forget") cleared = true;
        };
        for (const one of [{ kind: "begin", origin: from, sub: false } as const, ...then]) {
          // Only what is asked for comes: a turn to who queues, an end of writing to who writes.
          if (one.kind === "turn" && state.phase.kind !== "queued") continue;
          if (one.kind === "saved") stored = waiting ?? stored;
          const result = next(state, one);
          state = result.state;
          result.effects.forEach(check);
          expect(workflow.states.has(state.payload.status)).toBe(true);
          if (state.phase.kind === "ended" || state.phase.kind === "gone") expect(queued).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});
