import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sleep } from "../../src/base/clock.ts";
import { type Fault, fault } from "../../src/base/fault.ts";
import type { Log } from "../../src/base/log.ts";
import { err, ok } from "../../src/base/result.ts";
import type { Service, ServiceHost } from "../../src/services/service.ts";
import { createSupervisor, type Member } from "../../src/services/supervisor.ts";
import { type SimulatedClock, simulatedClock } from "./simulated-clock.ts";

const broken = fault("broken", "the broker is on fire");

/** What one life of a simulated unit does; times in milliseconds. */
interface Life {
  readonly build?: "fails" | "throws";
  readonly startTakes?: number;
  readonly start?: "throws" | "hangs";
  /** Crashes so long after it came up. */
  readonly crashAfter?: number;
  readonly stopTakes?: number;
  readonly stop?: "throws" | "hangs";
}

interface Stage {
  readonly events: string[];
  readonly logs: string[];
  /** Instances that are built and not stopped yet, by unit. */
  readonly live: Map<string, number>;
  readonly hosts: Map<string, ServiceHost>;
}

function stage(): Stage {
  return { events: [], logs: [], live: new Map(), hosts: new Map() };
}

/** A service whose lives are told in advance; the last one goes on for ever. */
function simulatedService(name: string, lives: readonly Life[], seen: Stage, clock: SimulatedClock): Service {
  let born = 0;
  const count = (by: number) => seen.live.set(name, (seen.live.get(name) ?? 0) + by);
  return {
    name,
    lockName: name,
    async build(host) {
      seen.hosts.set(name, host);
      const life = lives[Math.min(born, lives.length - 1)] ?? {};
      born += 1;
      seen.events.push(`${name} built`);
      if (life.build === "fails") return err(broken);
      if (life.build === "throws") throw new Error("bug");
      return ok({
        name,
        async start(signal) {
          count(1);
          if (life.start === "hangs") return new Promise(() => undefined);
          await sleep(clock, life.startTakes ?? 0, signal);
          if (signal.aborted) return;
          if (life.start === "throws") throw new Error("no start");
          seen.events.push(`${name} up`);
          if (life.crashAfter !== undefined) clock.after(life.crashAfter, () => host.crashed(broken));
        },
        async stop() {
          if (life.stop === "hangs") return new Promise(() => undefined);
          await sleep(clock, life.stopTakes ?? 0);
          count(-1);
          seen.events.push(`${name} stopped`);
          if (life.stop === "throws") throw new Error("no stop");
        },
      });
    },
  };
}

function supervise(members: readonly Member[], clock: SimulatedClock, seen: Stage, standalone = false) {
  const write = (level: string, unit?: string) => (text: string, why?: Fault) => {
    seen.logs.push([level, unit ?? "-", why === undefined ? text : `${text}: ${why.message}`].join(" "));
  };
  const log = (_target: string, unit?: string): Log => ({
    error: write("error", unit),
    warn: write("warn", unit),
    info: write("info", unit),
    debug: write("debug", unit),
    trace: write("trace", unit),
  });
  const end = new AbortController();
  const supervisor = createSupervisor({
    members,
    standalone,
    configDirectory: "/etc/tedge",
    environment: {},
    clock,
    random: () => 0.5,
    log,
  });
  const outcome: { code?: number } = {};
  const ended = supervisor.run(end.signal).then((code) => {
    outcome.code = code;
  });
  return { supervisor, end, ended, outcome };
}

function agentAndMapper(agent: readonly Life[], mapper: readonly Life[]) {
  const clock = simulatedClock();
  const seen = stage();
  const members = [
    { service: simulatedService("agent", agent, seen, clock), mapper: false },
    { service: simulatedService("mapper", mapper, seen, clock), mapper: true },
  ];
  return { clock, seen, ...supervise(members, clock, seen) };
}

describe("several units in one process", () => {
  test("a unit that crashes comes back after a second, and the other never notices", async () => {
    const { clock, seen } = agentAndMapper([{}], [{ crashAfter: 5_000 }, {}]);
    await clock.advance(5_999);
    expect(seen.events).toEqual(["agent built", "mapper built", "agent up", "mapper up", "mapper stopped"]);
    await clock.advance(1);
    expect(seen.events.slice(5)).toEqual(["mapper built", "mapper up"]);
    expect(seen.logs).toContain("error mapper crashed; restarting in 1s: the broker is on fire");
  });

  test("a unit that cannot be built is tried five more times, then given up, and the others go on", async () => {
    const { clock, seen, outcome } = agentAndMapper([{}], [{ build: "fails" }]);
    await clock.advance(600_000);
    expect(seen.events.filter((event) => event === "mapper built")).toHaveLength(6);
    expect(seen.logs).toContain(
      "error mapper crashed 5 times within 60s; giving up (failed to build: the broker is on fire)",
    );
    expect(seen.live.get("agent")).toBe(1);
    expect(outcome.code).toBeUndefined();
  });

  test("a process whose units were all given up ends with a failure", async () => {
    const { clock, outcome, seen } = agentAndMapper([{ build: "throws" }], [{ start: "throws" }]);
    await clock.advance(600_000);
    expect(outcome.code).toBe(1);
    expect(seen.logs).toContain("error - every unit was given up; ending");
    expect(clock.pending).toBe(0);
  });

  test("asked to end, the units stop one after the other, the last started first", async () => {
    const { clock, seen, end, outcome } = agentAndMapper([{}], [{ stopTakes: 3_000 }]);
    await clock.advance(1_000);
    end.abort();
    await clock.advance(2_999);
    expect(seen.events.slice(4)).toEqual([]);
    await clock.advance(1);
    expect(seen.events.slice(4)).toEqual(["mapper stopped", "agent stopped"]);
    expect(outcome.code).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("asked to end before the broker was ever reached, it ends", async () => {
    const { clock, end, outcome } = agentAndMapper([{ startTakes: 1e9 }], [{ startTakes: 1e9 }]);
    await clock.advance(10);
    end.abort();
    await clock.advance(10);
    expect(outcome.code).toBe(0);
  });

  test("a unit that does not let go is left behind after a minute", async () => {
    const { clock, end, outcome, seen } = agentAndMapper([{}], [{ stop: "hangs" }]);
    await clock.advance(1_000);
    end.abort();
    await clock.advance(60_000);
    expect(outcome.code).toBe(0);
    expect(seen.events).toContain("agent stopped");
    expect(seen.logs).toContain("error mapper did not stop cleanly: It did not end within 60s");
  });

  test("units that don't let go hold the process for 75 seconds at most", async () => {
    const { clock, end, outcome } = agentAndMapper([{ stop: "hangs" }], [{ start: "hangs" }]);
    await clock.advance(1_000);
    end.abort();
    await clock.advance(74_999);
    expect(outcome.code).toBeUndefined();
    await clock.advance(1);
    expect(outcome.code).toBe(1);
  });

  test("SIGUSR1 restarts the mapper only, the new one after the old one has stopped", async () => {
    const { clock, seen, supervisor } = agentAndMapper([{}], [{ stopTakes: 500 }]);
    await clock.advance(1_000);
    supervisor.restartMappers();
    supervisor.restartMappers();
    await clock.advance(1_000);
    expect(seen.events.slice(4)).toEqual(["mapper stopped", "mapper built", "mapper up"]);
  });

  test("SIGUSR1 revives a mapper that was given up", async () => {
    const failing = Array.from({ length: 6 }, (): Life => ({ build: "fails" }));
    const { clock, seen, supervisor } = agentAndMapper([{}], [...failing, {}]);
    await clock.advance(600_000);
    expect(seen.live.get("mapper")).toBeUndefined();
    supervisor.restartMappers();
    await clock.advance(1);
    expect(seen.live.get("mapper")).toBe(1);
  });

  test("a unit that asks for a new process gets everything drained and exit code 1", async () => {
    const { clock, seen, outcome } = agentAndMapper([{}], [{}]);
    await clock.advance(1);
    seen.hosts.get("agent")?.requestProcessRestart("new version");
    await clock.advance(1);
    expect(seen.events.slice(4)).toEqual(["mapper stopped", "agent stopped"]);
    expect(outcome.code).toBe(1);
  });
});

test("a unit alone in its process ends it when it crashes, and its lines carry no unit", async () => {
  const clock = simulatedClock();
  const seen = stage();
  const member = { service: simulatedService("agent", [{ crashAfter: 100 }], seen, clock), mapper: false };
  const { outcome } = supervise([member], clock, seen, true);
  await clock.advance(100);
  expect(outcome.code).toBe(1);
  expect(seen.events).toEqual(["agent built", "agent up", "agent stopped"]);
  expect(seen.logs).toEqual(["info - up", "error - crashed; the broker is on fire"]);
});

test("whatever its units do, a unit lives at most once at a time, and the process always ends when asked", async () => {
  const takes = fc.option(fc.nat({ max: 70_000 }), { nil: 0 });
  const life: fc.Arbitrary<Life> = fc.record(
    {
      build: fc.constantFrom("fails", "throws"),
      start: fc.constantFrom("throws", "hangs"),
      startTakes: takes,
      crashAfter: takes,
      stopTakes: takes,
      stop: fc.constantFrom("throws", "hangs"),
    },
    { requiredKeys: [] },
  );
  const deed = fc.oneof(
    fc.record({ kind: fc.constant("wait"), time: fc.nat({ max: 40_000 }) }),
    fc.record({ kind: fc.constant("restart"), time: fc.constant(0) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(life, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      fc.array(deed, { maxLength: 12 }),
      async (scripts, deeds) => {
        const clock = simulatedClock();
        const seen = stage();
        const members = scripts.map((lives, at) => ({
          service: simulatedService(`unit-${at}`, lives, seen, clock),
          mapper: at > 0,
        }));
        const hangs = scripts.flat().some(({ stop, start }) => stop === "hangs" || start === "hangs");
        const slow = scripts.flat().some(({ stopTakes }) => (stopTakes ?? 0) > 60_000);
        const { supervisor, end, outcome } = supervise(members, clock, seen);
        for (const { kind, time } of deeds) {
          if (kind === "restart") supervisor.restartMappers();
          await clock.advance(time);
          if (!hangs && !slow) for (const [, count] of seen.live) expect(count).toBeLessThanOrEqual(1);
        }
        end.abort();
        await clock.advance(75_000);
        expect(outcome.code).toBeDefined();
      },
    ),
    { numRuns: 300 },
  );
});
