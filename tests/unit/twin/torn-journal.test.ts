import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { ok } from "../../../src/base/result.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { JOURNAL_HEADER } from "../../../src/twin/journal-line.ts";
import { createTwin, type TwinKeeper } from "../../../src/twin/keeper.ts";
import { id } from "./registry-world.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./temporary-directory.ts";

const quiet = { error: none, warn: none, info: none, debug: none, trace: none };

function none(): void {}

async function opened(directory: TemporaryDirectory): Promise<TwinKeeper> {
  const twin = createTwin({
    schema: topicSchema("te"),
    statePath: join(directory.path, "state"),
    autoRegister: true,
    cleanStart: false,
    publish: async () => "delivered",
    readRetained: async () => ok(),
    clock: systemClock,
    random: Math.random,
    log: quiet,
  });
  expect(await twin.open(new AbortController().signal)).toEqual(ok());
  return twin;
}

function journalOf(directory: TemporaryDirectory): string {
  return join(directory.path, "state", "entity_store.jsonl");
}

/** Entities and initial twin data, as a restart reads them. */
function pictureOf(twin: TwinKeeper): string {
  return JSON.stringify(twin.list({}).map((entity) => [entity, twin.fragments(entity.id)]));
}

/** Registrations, an update, a removal, a fragment taken away: what there was to read after each. */
async function history(directory: TemporaryDirectory): Promise<{ text: string; pictures: Set<string> }> {
  const pictures = new Set<string>();
  const twin = await opened(directory);
  const changes: (() => Promise<unknown>)[] = [
    async () => undefined,
    () => twin.register({ id: id("device/ä"), type: "child-device", externalId: "Ä", twin: { name: "Ä ✓", row: 1 } }),
    () => twin.register({ id: id("device/b"), type: "child-device", parent: id("device/ä"), twin: {} }),
    () => twin.register({ id: id("device/b/service/s"), type: "service", twin: { name: "s" } }),
    () => twin.update(id("device/b"), { health: id("device/b/service/s") }),
    () => twin.removeFragment(id("device/ä"), "name"),
    () => twin.remove(id("device/b")),
    () => twin.register({ id: id("device/b"), type: "child-device", twin: { again: true } }),
  ];
  for (const change of changes) {
    await change();
    pictures.add(pictureOf(twin));
  }
  const text = readFileSync(journalOf(directory), "utf8");
  await twin.stop();
  return { text, pictures };
}

describe("a process that is killed", () => {
  test("at any byte of an append leaves a state that there was, to which more can be added", async () => {
    using made = temporaryDirectory();
    const { text, pictures } = await history(made);
    const bytes = Buffer.from(text);
    const seen = new Set<string>();
    using directory = temporaryDirectory();
    mkdirSync(dirname(journalOf(directory)), { recursive: true });
    for (let length = 0; length <= bytes.length; length += 1) {
      writeFileSync(journalOf(directory), bytes.subarray(0, length));
      const twin = await opened(directory);
      const picture = pictureOf(twin);
      seen.add(picture);
      // A removal is a line for each entity, children first, so that half of one may be what is left; the next start goes on with it.
      expect(pictures.has(picture) || isHalfRemoved(twin)).toBe(true);
      expect((await twin.register({ id: id("device/new"), type: "child-device", twin: {} })).ok).toBe(true);
      await twin.stop();
      const again = await opened(directory);
      expect(again.get(id("device/new"))).toBeDefined();
      expect(again.list({}).length).toBe(JSON.parse(picture).length + 1);
      await again.stop();
    }
    expect([...pictures].filter((picture) => !seen.has(picture))).toEqual([]);
  }, 60_000);

  test("while it rewrites the journal leaves the old one, and what it left beside it is removed", async () => {
    using directory = temporaryDirectory();
    const { text } = await history(directory);
    const path = journalOf(directory);
    for (const length of [0, 1, JOURNAL_HEADER.length + 1, text.length - 1, text.length]) {
      writeFileSync(join(dirname(path), `.entity_store.jsonl.${process.pid}.${length}.tmp`), text.slice(0, length));
    }
    const twin = await opened(directory);
    expect(readdirSync(dirname(path))).toEqual(["entity_store.jsonl"]);
    expect(twin.list({}).map((entity) => `${entity.id}`)).toEqual(["device/main//", "device/b//", "device/ä//"]);
    await twin.stop();
  });
});

function isHalfRemoved(twin: TwinKeeper): boolean {
  return twin.get(id("device/b")) !== undefined && twin.get(id("device/b/service/s")) === undefined;
}
