import { describe, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../../src/base/log.ts";
import { deviceId } from "../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { createJournal } from "../../../src/twin/journal.ts";
import { createJournalKeeper, type JournalKeeper } from "../../../src/twin/journal-keeper.ts";
import { createRegistryState } from "../../../src/twin/registry-state.ts";
import { simulatedClock } from "../../sim/simulated-clock.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const LINE = { topic: "te/device/a//", payload: '{"@type":"child-device"}', retain: true };

function setUp(directory: string) {
  const clock = simulatedClock();
  const lines: string[] = [];
  const add = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log: Log = {
    error: add("error"),
    warn: add("warn"),
    info: add("info"),
    debug: () => undefined,
    trace: () => undefined,
  };
  const state = createRegistryState({ autoRegister: true });
  const dueAt: number[] = [];
  const path = join(directory, "state/entity_store.jsonl");
  let retried: Promise<unknown> = Promise.resolve();
  const keeper: JournalKeeper = createJournalKeeper({
    journal: createJournal(path),
    schema: topicSchema("te"),
    state,
    clock,
    log,
    isAnnounced: () => true,
    onDue() {
      dueAt.push(clock.monotonic());
      retried = keeper.store([]);
    },
  });
  const wait = async (milliseconds: number) => {
    await clock.advance(milliseconds);
    await retried;
  };
  const register = () =>
    state.tree.put({ entity: { id: deviceId("a"), type: "child-device" }, registered: {}, stored: true });
  return { keeper, lines, path, dueAt, wait, register };
}

describe("while the disk does not take the journal", () => {
  test("that is told once, and the next try by itself is not put off by those that new lines bring", async () => {
    using directory = temporaryDirectory();
    const { keeper, lines, path, dueAt, wait, register } = setUp(directory.path);
    const obstacle = join(directory.path, "state");
    writeFileSync(obstacle, "");
    register();
    for (let count = 0; count < 20; count += 1) expect((await keeper.store([LINE])).ok).toBe(false);
    await wait(1_000);
    await wait(2_000);
    expect(dueAt).toEqual([1_000, 3_000]);
    rmSync(obstacle);
    await wait(4_000);
    expect(readFileSync(path, "utf8")).toContain("te/device/a//");
    expect(lines).toEqual([
      expect.stringMatching(
        /^error Registrations are kept in memory only: Cannot write .*: .* \(os error \d+\)\. Make room or give write access; trying again$/,
      ),
      `info ${path} is complete again`,
    ]);
    await wait(120_000);
    expect(dueAt).toHaveLength(3);
    await keeper.close();
  });
});
