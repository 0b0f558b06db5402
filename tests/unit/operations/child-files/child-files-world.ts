import { expect } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fault } from "../../../../src/base/fault.ts";
import { err, ok, type Result } from "../../../../src/base/result.ts";
import type { Message } from "../../../../src/bus/message.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { createDownloadCache } from "../../../../src/files/cache/download-cache.ts";
import type { Downloaded } from "../../../../src/files/transfer/download.ts";
import { type ChildFiles, createChildFiles } from "../../../../src/operations/child-files/child-files.ts";
import type { FetchMode } from "../../../../src/operations/child-files/needs-local-copy.ts";
import { type StoreWorld, storeWorld } from "../../files/store/store-world.ts";

export const TOPIC = "te/device/child1///cmd/config_update/c1";
export const SOURCE = "https://example.com/f";

/** A main device with a broker in memory, real files, and a source that the test plays. */
export class ChildFilesWorld implements Disposable {
  readonly published: { readonly topic: string; readonly payload: Record<string, unknown> }[] = [];
  readonly downloads: string[] = [];
  readonly retained = new Map<string, string>();
  mode: FetchMode = "auto";
  host = "192.168.1.1";
  /** What the source does. */
  serve: (url: string, target: string, signal: AbortSignal) => Promise<Result<Downloaded>> = async (url, target) => {
    writeFileSync(target, `content of ${url}`);
    return ok({ etag: null });
  };
  /** The broker takes nothing that the test does not let through. */
  isDeaf = false;
  refusals = 0;
  /** The broker cannot be asked what it retains. */
  isMute = false;
  /** The broker's queue has no room for what it retains, so that a subscription does not get it. */
  isForgetful = false;
  private files: ChildFiles | undefined;
  private life = { isAlive: false };

  readonly store: StoreWorld;

  private constructor(store: StoreWorld) {
    this.store = store;
  }

  static async create(): Promise<ChildFilesWorld> {
    return new ChildFilesWorld(await storeWorld());
  }

  /** A new process; the one before is gone as by kill -9. */
  async start(): Promise<void> {
    await this.store.restart();
    const life = { isAlive: true };
    this.life.isAlive = false;
    this.life = life;
    const { clock, log } = this.store;
    this.files = createChildFiles({
      schema: topicSchema("te"),
      stateDirectory: this.state,
      mode: this.mode,
      timeout: 60_000,
      fileServer: { https: false, host: this.host, port: 8000 },
      networks: () => ["192.168.1.1/24"],
      cache: createDownloadCache({
        directory: this.cache,
        limit: async () => 1_000_000,
        download: ({ url, target }, signal) => {
          this.downloads.push(url);
          return this.serve(url, target, signal);
        },
        clock,
        log,
      }),
      publish: async (message) => {
        if (this.isDeaf) this.refusals += 1;
        if (!life.isAlive || this.isDeaf) return "closed";
        await this.send(message);
        return "delivered";
      },
      readRetained: async (topics, onMessage) => {
        if (this.isMute) return err(fault("network", "Connection refused"));
        for (const topic of topics) {
          const payload = new TextEncoder().encode(this.retained.get(topic) ?? "");
          if (payload.length > 0) onMessage({ topic, payload, qos: 0, retain: true, dup: false });
        }
        return ok();
      },
      clock,
      log,
    });
    expect(await this.files.open(this.store.store)).toEqual(ok());
    if (!this.isForgetful) for (const [topic, text] of this.retained) await this.deliver(topic, text, true);
    await this.files.participant.connected?.({ first: true, sessionPresent: true });
  }

  get cache(): string {
    return join(this.store.data, "cache");
  }

  get state(): string {
    return join(this.store.data, "state");
  }

  /** A client publishes a retained message. */
  async say(topic: string, payload: object | "", options: { readonly dup?: boolean } = {}): Promise<void> {
    const text = payload === "" ? "" : JSON.stringify(payload);
    if (text === "") this.retained.delete(topic);
    else this.retained.set(topic, text);
    await this.deliver(topic, text, false, options.dup ?? false);
  }

  async deliver(topic: string, text: string, retain: boolean, dup = false): Promise<void> {
    const payload = new TextEncoder().encode(text);
    await this.files?.participant.receive({ topic, payload, qos: 1, retain, dup });
  }

  private async send({ topic, payload }: Message): Promise<void> {
    const text = new TextDecoder().decode(payload);
    this.published.push({ topic, payload: JSON.parse(text) });
    this.retained.set(topic, text);
    await this.deliver(topic, text, false);
  }

  /** Waits until the condition holds; the test's own time limit ends it. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise(setImmediate);
  }

  async stop(): Promise<void> {
    await this.files?.stop(1_000);
  }

  /** Paths of what is served. */
  served(): string[] {
    return this.store.files().filter((path) => isFile(join(this.store.root, path)));
  }

  [Symbol.dispose](): void {
    this.life.isAlive = false;
    this.store[Symbol.dispose]();
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A source that never answers until it is told to stop. */
export function hang(_url: string, _target: string, signal: AbortSignal): Promise<Result<Downloaded>> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(err(fault("aborted", "Stopped before it was done"))));
  });
}
