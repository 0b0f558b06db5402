import { describe, expect, test } from "bun:test";
import type { Log } from "../../../src/base/log.ts";
import type { TwinChange } from "../../../src/twin/twin.ts";
import { createWatchers } from "../../../src/twin/watchers.ts";
import { id } from "./registry-world.ts";

function loggingErrors() {
  const errors: string[] = [];
  const quiet = () => undefined;
  const log: Log = {
    error: (text, fault) => errors.push(`${text}: ${fault?.message}`),
    warn: quiet,
    info: quiet,
    debug: quiet,
    trace: quiet,
  };
  return { errors, log };
}

function fragment(value: number): TwinChange {
  return { kind: "fragment", id: id("device/a"), key: "row", value };
}

describe("watchers", () => {
  test("hear everything in order until they end it", () => {
    const watchers = createWatchers(loggingErrors().log);
    const heard: TwinChange[] = [];
    const end = watchers.watch((change) => heard.push(change));
    watchers.tell(fragment(1));
    watchers.tell(fragment(2));
    end();
    end();
    watchers.tell(fragment(3));
    expect(heard).toEqual([fragment(1), fragment(2)]);
  });

  test("that throw are told in the log, and the others hear all the same", () => {
    const { errors, log } = loggingErrors();
    const watchers = createWatchers(log);
    const heard: TwinChange[] = [];
    watchers.watch(() => {
      throw new Error("broken");
    });
    watchers.watch((change) => heard.push(change));
    watchers.tell(fragment(1));
    expect(heard).toEqual([fragment(1)]);
    expect(errors).toEqual(["A watcher of the twin failed: broken"]);
  });

  test("given twice hear twice, and each ends for itself", () => {
    const watchers = createWatchers(loggingErrors().log);
    let heard = 0;
    const listener = () => {
      heard += 1;
    };
    const end = watchers.watch(listener);
    watchers.watch(listener);
    watchers.tell(fragment(1));
    end();
    watchers.tell(fragment(2));
    expect(heard).toBe(3);
  });
});
