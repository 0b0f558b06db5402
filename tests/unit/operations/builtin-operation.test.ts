import { afterEach, beforeEach, expect, test } from "bun:test";
import type { BuiltinOperation } from "../../../src/operations/builtin-operation.ts";
import { Device } from "./a-device.ts";

let device: Device;
beforeEach(() => {
  device = new Device();
});
afterEach(() => device.dispose());

function builtin(operation: string, more: Partial<BuiltinOperation> = {}): BuiltinOperation {
  return {
    operation,
    capability: async () => ({}),
    execute: async () => ({ status: "successful", update: {} }),
    ...more,
  };
}

const capability = (operation: string) => device.retained.get(`te/device/main///cmd/${operation}`);

test("operations that are asked for their capability in one go are asked in the same round, later ones in another", async () => {
  const rounds: object[] = [];
  const capabilityOf = async (round: object) => {
    rounds.push(round);
    return { types: [String(rounds.length)] };
  };
  const changes: (() => void)[] = [];
  const watch = (changed: () => void) => changes.push(changed);
  device.builtins = ["one", "two"].map((name) => builtin(name, { capability: capabilityOf, watch }));
  await device.start();
  await device.until(() => capability("two") === '{"types":["2"]}');
  expect(rounds[0]).toBe(rounds[1]);
  for (const changed of changes) changed();
  await device.until(() => capability("two") === '{"types":["4"]}');
  expect(rounds[2]).toBe(rounds[3]);
  expect(rounds[2]).not.toBe(rounds[0]);
});

test("an operation that is disabled withdraws its capability and leaves requests alone, with a definition file as well", async () => {
  device.builtins = [builtin("dust")];
  await device.start();
  await device.until(() => capability("dust") === "{}");
  await device.stop();
  device.abandon();
  device.disabled = ["dust", "sweep"];
  await device.define("sweep", 'operation = "sweep"\n[init]\naction = "proceed"\n');
  await device.start();
  await device.until(() => capability("dust") === undefined);
  device.request("dust", "1");
  device.request("sweep", "1");
  device.request("dust", "2");
  await device.received();
  expect(device.statuses("dust", "1")).toEqual(["init"]);
  expect(device.statuses("sweep", "1")).toEqual(["init"]);
  expect(capability("sweep")).toBeUndefined();
  device.send("te/device/main/service/tedge-agent/signal/sync", "{}");
  await device.received();
  expect(device.messages.filter(({ text }) => text === "")).toHaveLength(1);
});

test("a command of a disabled operation that was under execution goes on", async () => {
  const begun = Promise.withResolvers<void>();
  const never = new Promise<never>(() => undefined);
  device.builtins = [
    builtin("dust", {
      execute: async () => {
        begun.resolve();
        return never;
      },
    }),
  ];
  await device.start();
  device.request("dust", "1");
  await begun.promise;
  device.abandon();
  device.builtins = [builtin("dust")];
  device.disabled = ["dust"];
  await device.start();
  expect(await device.untilFinal("dust", "1")).toMatchObject({ status: "successful" });
});

test("built-in operations may clean up after every command that ended or was cleared", async () => {
  const cleaned: string[] = [];
  const running = Promise.withResolvers<void>();
  device.builtins = [
    builtin("dust", { cleanUp: async ({ address, payload }) => void cleaned.push(`${address.id} ${payload.status}`) }),
    builtin("sweep", {
      execute: async ({ signal }) => {
        running.resolve();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return { status: "successful", update: {} };
      },
    }),
  ];
  await device.start();
  device.request("dust", "1");
  await device.untilFinal("dust", "1");
  device.request("sweep", "2");
  await running.promise;
  device.clear("sweep", "2");
  await device.received();
  await device.stop();
  expect(cleaned).toEqual(["1 successful", "2 executing"]);
});

test("an operation that takes long to say what it can do holds up no command", async () => {
  const said = Promise.withResolvers<object>();
  device.builtins = [
    builtin("dust", {
      capability: async () => {
        await said.promise;
        return { types: ["late"] };
      },
    }),
  ];
  const timeOut = device.holdTimers(10_000);
  await device.start();
  device.request("dust", "1");
  await Promise.resolve();
  expect(device.statuses("dust", "1")).toEqual(["init"]);
  timeOut();
  expect(await device.untilFinal("dust", "1")).toMatchObject({ status: "successful" });
  said.resolve({});
  await device.until(() => capability("dust") === '{"types":["late"]}');
});

test("a signal that asks for nothing there is, is told", async () => {
  device.builtins = [builtin("dust", { refreshOn: ["sync", "sync_dust"] })];
  await device.start();
  for (const signal of ["sync_dust", "sync", "sync_config_update", "other"]) {
    device.send(`te/device/main/service/tedge-agent/signal/${signal}`, "{}");
  }
  await device.received();
  expect(device.complaints).toEqual(["Nothing is done at the signal sync_config_update"]);
});
