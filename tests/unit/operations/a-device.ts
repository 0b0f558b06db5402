import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { watchDirectory } from "../../../src/base/directory-watch.ts";
import { exec } from "../../../src/base/exec.ts";
import type { Fault } from "../../../src/base/fault.ts";
import { isJsonObject, type JsonObject, parseJson } from "../../../src/base/json.ts";
import { ok } from "../../../src/base/result.ts";
import { MAIN_DEVICE, serviceId } from "../../../src/bus/entity-id.ts";
import { type Message, retained, transient } from "../../../src/bus/message.ts";
import type { Connection, Participant, PublishOutcome } from "../../../src/bus/participant.ts";
import { topicSchema } from "../../../src/bus/topic.ts";
import { matchesFilter } from "../../../src/bus/topic-filter.ts";
import type { BuiltinOperation, BuiltinSteps } from "../../../src/operations/builtin-operation.ts";
import type { CommandScope } from "../../../src/operations/command-scope.ts";
import { type Disk, realDisk } from "../../../src/operations/disk.ts";
import { createOperations, type Operations } from "../../../src/operations/engine.ts";
import type { Transfer } from "../../../src/operations/steps/transfer.ts";

/** A device with a broker in memory and real files and processes below a directory of its own. */
export class Device {
  readonly root = mkdtempSync(join(tmpdir(), "tebus-operations-"));
  readonly directories = {
    workflows: join(this.root, "operations"),
    state: join(this.root, "state"),
    logs: join(this.root, "logs"),
    tmp: join(this.root, "tmp"),
  };
  readonly messages: { readonly topic: string; readonly text: string }[] = [];
  readonly retained = new Map<string, string>();
  readonly complaints: string[] = [];
  restartRequests = 0;
  outcome: PublishOutcome = "delivered";
  builtins: readonly BuiltinOperation[] = [];
  disabled: readonly string[] = [];
  workflowSteps: ReadonlyMap<string, BuiltinSteps> = new Map();
  scope: CommandScope | undefined;
  disk: Disk = realDisk;
  clock: Clock = systemClock;
  transfer: Transfer = {
    async download(_url, path) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "content");
      return ok();
    },
    upload: async () => ok(),
  };
  private life = { alive: false };
  private participant: Participant | undefined;
  private operations: Operations | undefined;
  private delivery: Promise<void> = Promise.resolve();
  private readonly waiting = new Set<() => void>();

  /** Starts an agent; the one before must have been stopped or abandoned. */
  async start(): Promise<Operations> {
    const life = { alive: true };
    this.life = life;
    const operations = createOperations({
      schema: topicSchema("te"),
      device: MAIN_DEVICE,
      agentService: serviceId(MAIN_DEVICE, "tedge-agent"),
      directories: this.directories,
      maxLogs: () => 3,
      publish: async (message) => {
        await Promise.resolve();
        if (life.alive && this.outcome === "delivered") this.accept(message);
        return this.outcome;
      },
      transfer: this.transfer,
      builtins: this.builtins,
      disabled: this.disabled,
      workflowSteps: this.workflowSteps,
      ...(this.scope === undefined ? {} : { scope: this.scope }),
      clock: this.clock,
      random: () => 0.5,
      log: {
        error: (text: string, fault?: Fault) =>
          this.complain(`${text}${fault === undefined ? "" : `: ${fault.message}`}`),
        warn: (text: string) => this.complain(text),
        info() {},
        debug() {},
        trace() {},
      },
      onRestartRequested: () => {
        this.restartRequests += 1;
        this.changed();
      },
      world: {
        disk: mortal(this.disk, life),
        exec,
        watch: (directory, changed) => watchDirectory(directory, systemClock, changed),
      },
    });
    this.operations = operations;
    const opened = await operations.open(new AbortController().signal);
    if (!opened.ok) throw new Error(opened.fault.message);
    operations.start();
    this.participant = operations.participant;
    for (const [topic, text] of this.retained) this.deliver(retained(topic, text), true);
    return operations;
  }

  /** From the next start on, timers of exactly this length fire only when the returned function is called. */
  holdTimers(milliseconds: number): () => void {
    const held = new Set<() => void>();
    this.clock = {
      ...systemClock,
      after(length, fire) {
        if (length !== milliseconds) return systemClock.after(length, fire);
        held.add(fire);
        return () => held.delete(fire);
      },
    };
    return () => {
      for (const fire of [...held]) fire();
    };
  }

  /** As the agent publishes. */
  async publish(message: Message): Promise<PublishOutcome> {
    this.accept(message);
    return this.outcome;
  }

  async connected(connection: Connection): Promise<void> {
    await this.participant?.connected?.(connection);
  }

  async stop(timeout = 5_000): Promise<void> {
    await this.operations?.stop(timeout);
  }

  /** What a kill -9 leaves: nothing of the agent acts or is heard any more. */
  abandon(): void {
    this.life.alive = false;
    this.participant = undefined;
    this.operations = undefined;
  }

  async define(name: string, definition: string): Promise<void> {
    await mkdir(this.directories.workflows, { recursive: true });
    await writeFile(join(this.directories.workflows, `${name}.toml`), definition);
  }

  async undefine(name: string): Promise<void> {
    await rm(join(this.directories.workflows, `${name}.toml`));
  }

  topic(operation: string, id: string): string {
    return `te/device/main///cmd/${operation}/${id}`;
  }

  request(operation: string, id: string, members: JsonObject = {}): void {
    this.accept(retained(this.topic(operation, id), JSON.stringify({ status: "init", ...members })));
  }

  clear(operation: string, id: string): void {
    this.accept(retained(this.topic(operation, id), ""));
  }

  send(topic: string, text: string): void {
    this.accept(transient(topic, text));
  }

  /** Statuses that appeared on the topic of a command, in order; `""` for a clear. */
  statuses(operation: string, id: string): string[] {
    const topic = this.topic(operation, id);
    const texts = this.messages.filter((message) => message.topic === topic).map(({ text }) => text);
    return texts.map((text) => (text === "" ? "" : String(object(text).status)));
  }

  state(operation: string, id: string): JsonObject {
    return object(this.retained.get(this.topic(operation, id)) ?? "{}");
  }

  /** Resolves as soon as the condition holds; it is looked at after each message, complaint and request to restart. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => this.waiting.add(resolve));
    }
  }

  async untilFinal(operation: string, id: string): Promise<JsonObject> {
    await this.until(() => ["successful", "failed"].includes(String(this.state(operation, id).status)));
    return this.state(operation, id);
  }

  /** Everything that was sent so far has been received. */
  async received(): Promise<void> {
    await this.delivery;
  }

  async log(operation: string, id: string): Promise<string> {
    return readFile(join(this.directories.logs, `workflow-${operation}-${id}.log`), "utf8");
  }

  async files(directory: string): Promise<string[]> {
    return (await readdir(directory).catch(() => [])).sort();
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  private accept(message: Message): void {
    const text = new TextDecoder().decode(message.payload);
    this.messages.push({ topic: message.topic, text });
    if (message.retain && text === "") this.retained.delete(message.topic);
    else if (message.retain) this.retained.set(message.topic, text);
    this.deliver(message, false);
    this.changed();
  }

  private deliver(message: Message, retain: boolean): void {
    const { participant } = this;
    if (participant?.subscriptions.some(({ filter }) => matchesFilter(filter, message.topic)) !== true) return;
    this.delivery = this.delivery.then(async () => {
      if (this.participant === participant) await participant.receive({ ...message, retain, dup: false });
    });
  }

  private complain(text: string): void {
    this.complaints.push(text);
    this.changed();
  }

  private changed(): void {
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }
}

/** A disk that does nothing any more for an agent that was killed. */
function mortal(disk: Disk, life: { readonly alive: boolean }): Disk {
  const never = new Promise<never>(() => undefined);
  return {
    read: (path, limit) => (life.alive ? disk.read(path, limit) : never),
    replace: (path, content) => (life.alive ? disk.replace(path, content) : never),
    append: (path, text) => (life.alive ? disk.append(path, text) : never),
    remove: (path) => (life.alive ? disk.remove(path) : never),
    makeDirectory: (path) => (life.alive ? disk.makeDirectory(path) : never),
    list: (directory, select) => (life.alive ? disk.list(directory, select) : never),
  };
}

function object(text: string): JsonObject {
  const parsed = parseJson(text);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}
