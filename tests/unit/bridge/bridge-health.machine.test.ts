import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type BridgeHealthInput, bridgeHealthMachine } from "../../../src/bridge/bridge-health.machine.ts";

function published(...inputs: readonly BridgeHealthInput[]): string[] {
  let state = bridgeHealthMachine.initial;
  return inputs.flatMap((input) => {
    const step = bridgeHealthMachine.step(state, input);
    state = step.state;
    return step.effects.map(({ status }) => status);
  });
}

const local = (status: "up" | "down"): BridgeHealthInput => ({ side: "local", status });
const remote = (status: "up" | "down"): BridgeHealthInput => ({ side: "remote", status });

describe("the health of a bridge", () => {
  test.each<[string, BridgeHealthInput[], string[]]>([
    ["is not told before the remote side was heard of", [local("up"), local("down"), local("up")], []],
    ["is not told before the local side was heard of", [remote("down"), remote("up")], []],
    ["is up once both sides are", [local("up"), remote("up")], ["up"]],
    ["is down at once when the remote side cannot be reached", [remote("down"), local("up")], ["down"]],
    ["follows the remote side", [local("up"), remote("up"), remote("down"), remote("up")], ["up", "down", "up"]],
    ["follows the local side", [local("up"), remote("up"), local("down"), local("up")], ["up", "down", "up"]],
    ["is told once while it stays the same", [local("up"), remote("down"), remote("down"), local("down")], ["down"]],
  ])("%s", (_rule, inputs, expected) => {
    expect(published(...inputs)).toEqual(expected);
  });

  test("never tells the same twice in a row, and at last what is true", () => {
    const input = fc.record({
      side: fc.constantFrom("local" as const, "remote" as const),
      status: fc.constantFrom("up" as const, "down" as const),
    });
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        const told = published(...inputs);
        const last = (side: string) => inputs.findLast((one) => one.side === side)?.status;
        const known = last("local") !== undefined && last("remote") !== undefined;
        const truth = last("local") === "up" && last("remote") === "up" ? "up" : "down";
        expect(told.at(-1)).toBe(known ? truth : undefined);
        expect(told.some((status, index) => status === told[index - 1])).toBe(false);
      }),
    );
  });
});
