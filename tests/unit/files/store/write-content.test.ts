import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fault } from "../../../../src/base/fault.ts";
import { writeContent } from "../../../../src/files/store/write-content.ts";

const KB = 1024;

/** A disk that remembers, takes as long as the test wants, and can fail. */
function disk(onWrite: () => Promise<void> = async () => undefined) {
  const pieces: Uint8Array[] = [];
  let flushes = 0;
  let atOnce = 0;
  return {
    written: () => Buffer.concat(pieces),
    flushes: () => flushes,
    async write(chunks: readonly Uint8Array[]) {
      atOnce += 1;
      expect(atOnce).toBe(1);
      await onWrite();
      pieces.push(...chunks.map((chunk) => chunk.slice()));
      atOnce -= 1;
    },
    async flush() {
      flushes += 1;
    },
  };
}

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let next = 0;
  for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++ % 251);
}

const welcome = () => undefined;

describe("content", () => {
  test("comes to the disk whole and in order, whatever its pieces are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 5_000 }), { maxLength: 30 }), async (sizes) => {
        const file = disk(() => new Promise((resolve) => setImmediate(resolve)));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        expect(await writeContent(chunks(...sizes), file, welcome)).toEqual({ ok: true, value: total });
        expect(file.written()).toEqual(Buffer.from(Array.from({ length: total }, (_, index) => index % 251)));
      }),
      { numRuns: 30 },
    );
  });

  test("waits for a disk that is slower than the network: little of it is in memory", async () => {
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; asked < 1_000; asked += 1) yield new Uint8Array(16 * KB);
    }
    const file = disk(() => gate.promise);
    const writing = writeContent(endless(), file, welcome);
    for (let turn = 0; turn < 500; turn += 1) await Promise.resolve();
    expect(asked).toBeLessThan(70);
    gate.resolve();
    expect(await writing).toEqual({ ok: true, value: 1_000 * 16 * KB });
  });

  test("that breaks off is an interruption, and what came is written", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* chunks(10, 20);
      throw new Error("The connection was closed");
    }
    const file = disk();
    expect(await writeContent(broken(), file, welcome)).toMatchObject({
      ok: false,
      fault: { code: "interrupted", cause: { message: "The connection was closed" } },
    });
    expect(file.written()).toHaveLength(30);
  });

  test("that is not welcome any more is refused with the reason, and what came before is written", async () => {
    const refusal = fault("no-room", "full");
    const seen: number[] = [];
    const admit = (received: number) => {
      seen.push(received);
      return received > 25 ? Promise.resolve(refusal) : undefined;
    };
    const file = disk();
    expect(await writeContent(chunks(10, 10, 10, 10), file, admit)).toEqual({ ok: false, fault: refusal });
    expect([seen, file.written().length]).toEqual([[10, 20, 30], 20]);
  });

  test("that the disk does not take is told as the disk says it, also when the content breaks off meanwhile", async () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    const failing = () => disk(() => Promise.reject(full));
    const refused = { ok: false, fault: { code: "disk-full" } } as const;
    expect(await writeContent(chunks(10), failing(), welcome)).toMatchObject(refused);
    expect(await writeContent(chunks(...Array.from({ length: 200 }, () => 16 * KB)), failing(), welcome)).toMatchObject(
      refused,
    );
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* chunks(10);
      throw new Error("closed");
    }
    expect(await writeContent(broken(), failing(), welcome)).toMatchObject(refused);
  });

  test("of a large upload is flushed now and then", async () => {
    const file = disk();
    async function* large(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 100; count += 1) yield new Uint8Array(1024 * KB);
    }
    await writeContent(large(), file, welcome);
    expect(file.flushes()).toBe(3);
  });

  test("gives its memory back once it is written, unless that is part of something larger", async () => {
    const [whole, part] = [new Uint8Array(10), new Uint8Array(10).subarray(2, 5)];
    async function* both(): AsyncGenerator<Uint8Array> {
      yield whole;
      yield part;
    }
    expect(await writeContent(both(), disk(), welcome)).toEqual({ ok: true, value: 13 });
    expect([whole.byteLength, part.byteLength]).toEqual([0, 3]);
  });

  test("whose flush fails is not taken for safe", async () => {
    const file = { write: async () => undefined, flush: () => Promise.reject(new Error("EIO")) };
    async function* large(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 40; count += 1) yield new Uint8Array(1024 * KB);
    }
    expect(await writeContent(large(), file, welcome)).toMatchObject({ ok: false, fault: { code: "io" } });
  });
});
