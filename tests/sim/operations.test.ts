import { expect, test } from "bun:test";
import { type JsonObject, sameJson, stringifyJson } from "../../src/base/json.ts";
import type { Log } from "../../src/base/log.ts";
import { ok } from "../../src/base/result.ts";
import { MAIN_DEVICE, serviceId } from "../../src/bus/entity-id.ts";
import { retained } from "../../src/bus/message.ts";
import { topicSchema } from "../../src/bus/topic.ts";
import { createOperations, type Operations } from "../../src/operations/engine.ts";
import { OPERATIONS, randomWorkflow } from "./operations-workflows.ts";
import {
  Chance,
  jsonObject,
  Life,
  type ScriptPlan,
  SimulatedBroker,
  SimulatedDisk,
  SimulatedTime,
  simulatedExec,
  simulatedPublish,
  simulatedTransfer,
} from "./operations-world.ts";

/** `SIM_SEED=n` runs the one history of a seed, `SIM_HISTORIES=n` runs more of them. */
const HISTORIES = Number(process.env.SIM_HISTORIES ?? 600);
const DIRECTORIES = { workflows: "/etc/operations", state: "/state", logs: "/logs", tmp: "/tmp" };
const COMMANDS = "te/device/main///cmd/";
const SILENT: Log = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

/** Definitions in use are never lost, and nobody but their parents clears sub-commands. */
const UNEXPECTED = /^Fail to resume on start: .* of [abc]$|^The sub-operation has been removed$|^Internal error/;

/** One device, its agent that may be killed at any instant, and a requester, all by chance of one seed. */
class History {
  readonly time = new SimulatedTime();
  readonly chance: Chance;
  readonly broker = new SimulatedBroker();
  readonly disk: SimulatedDisk;
  readonly faults: string[] = [];
  private life = new Life(this.time);
  private operations: Operations | undefined;
  private readonly lastPublished = new Map<string, string>();
  private readonly running = new Map<string, string>();
  private readonly clearedAt = new Map<string, number>();
  private readonly asked: string[] = [];
  private stopping = false;

  constructor(seed: number) {
    this.chance = new Chance(seed);
    this.disk = new SimulatedDisk(this.chance);
  }

  async run(): Promise<void> {
    for (const operation of OPERATIONS) this.define(operation);
    for (let changes = this.chance.below(3); changes > 0; changes -= 1) {
      this.time.after(this.chance.below(60_000), () => this.define(this.chance.pick(OPERATIONS)));
    }
    this.disk.faults = this.chance.happens(0.2) ? 0.05 : 0;
    this.broker.onMessage = (topic, content) => this.requesterSees(topic, content);
    this.scheduleRequests();
    this.begin();
    const restarts = this.chance.below(4);
    for (let restart = 0; restart < restarts; restart += 1) {
      this.time.after(this.chance.below(60_000), () => (this.chance.happens(0.7) ? this.kill() : this.restart()));
    }
    for (let steps = 0; await this.time.step(); steps += 1) {
      if (steps > 20_000) {
        this.faults.push("the history does not end");
        return;
      }
    }
    this.checkEnd();
  }

  private define(operation: string): void {
    this.disk.files.set(`${DIRECTORIES.workflows}/${operation}.toml`, randomWorkflow(this.chance, operation));
  }

  private begin(): void {
    this.stopping = false;
    const life = new Life(this.time);
    this.life = life;
    this.running.clear();
    this.lastPublished.clear();
    const send = simulatedPublish(life, this.broker, this.chance);
    const operations = createOperations({
      schema: topicSchema("te"),
      device: MAIN_DEVICE,
      agentService: serviceId(MAIN_DEVICE, "tedge-agent"),
      directories: DIRECTORIES,
      maxLogs: () => 3,
      publish: (message) => {
        this.checkPublished(message.topic, new TextDecoder().decode(message.payload));
        return send(message);
      },
      transfer: simulatedTransfer(life, this.disk, this.chance),
      builtins: [],
      clock: life.clock,
      random: this.chance.next,
      log: SILENT,
      onRestartRequested: () => this.restart(),
      world: {
        disk: this.disk.door(life),
        exec: simulatedExec(life, (words) => this.planScript(words), {
          started: ({ words }) => this.scriptStarted(words),
          ended: ({ words }) => this.scriptEnded(words),
        }),
        watch: () => ok({ close() {} }),
      },
    });
    this.operations = operations;
    void this.open(operations, life);
  }

  private async open(operations: Operations, life: Life): Promise<void> {
    const opened = await operations.open(new AbortController().signal);
    if (!opened.ok) {
      this.time.after(5_000, () => this.kill());
      return;
    }
    operations.start();
    this.broker.connect(operations.participant, life);
  }

  private kill(): void {
    if (!this.life.alive) return;
    this.life.alive = false;
    this.time.after(this.chance.below(3_000), () => this.begin());
  }

  private restart(): void {
    const { life, operations } = this;
    this.stopping = true;
    void operations?.stop(60_000).then(() => {
      if (!life.alive) return;
      life.alive = false;
      this.time.after(this.chance.below(3_000), () => this.begin());
    });
  }

  private scheduleRequests(): void {
    const count = 1 + this.chance.below(4);
    for (let number = 0; number < count; number += 1) {
      const topic = `${COMMANDS}${this.chance.pick(OPERATIONS)}/${number}`;
      const items = Array.from({ length: this.chance.below(3) }, () => ({ "@skip": this.chance.happens(0.3) }));
      const request = stringifyJson({ status: "init", items, tedgeUrl: "http://x/y" });
      this.asked.push(topic);
      this.time.after(this.chance.below(30_000), () => this.broker.publish(retained(topic, request)));
      if (this.chance.happens(0.3)) {
        this.time.after(30_000 + this.chance.below(60_000), () => this.clear(topic));
      }
    }
  }

  private clear(topic: string): void {
    this.clearedAt.set(topic, this.time.now);
    this.broker.publish(retained(topic, ""));
  }

  /** A final state that comes after the clear is cleared like any other. */
  private requesterSees(topic: string, content: string): void {
    const status = jsonObject(content)?.status;
    if (!this.clearedAt.has(topic) || (status !== "successful" && status !== "failed")) return;
    this.time.after(this.chance.below(1_000), () => this.clear(topic));
  }

  private planScript([, topic = ""]: readonly string[]): ScriptPlan {
    const { chance } = this;
    const next = chance.pick(["successful", "failed", "s1", "s2", "nowhere"]);
    const block = (json: string) => `:::begin-tedge:::\n${json}\n:::end-tedge:::\n`;
    const stdout = chance.pick([
      "",
      "free text",
      block(`{"status":"${next}","reason":"said"}`),
      block(`{"n":1}`),
      block("{"),
    ]);
    const lasts = chance.happens(0.05) ? 500_000 : chance.below(20_000);
    const end = chance.pick([0, 0, 0, 0, 1, 2, "signal", "launch-failed"] as const);
    if (topic === "") this.faults.push("a script was started without its topic");
    return { lasts, end, stdout, obeys: chance.happens(0.2) ? 500_000 : chance.below(1_000) };
  }

  /** A state is on disk before it is published. */
  private checkPublished(topic: string, content: string): void {
    if (!topic.startsWith(COMMANDS) || !topic.slice(COMMANDS.length).includes("/")) return;
    this.lastPublished.set(topic, content);
    if (content === "") return;
    const published = jsonObject(content);
    if (UNEXPECTED.test(String(published?.reason))) this.faults.push(`unexpected: ${topic} ${content}`);
    if (published === undefined) this.faults.push(`not JSON: ${content}`);
    else if (!this.isOnDisk(topic, published) && !isRefusal(published)) {
      this.faults.push(`published before it was on disk: ${topic} ${content}`);
    }
  }

  private isOnDisk(topic: string, payload: JsonObject): boolean {
    const stored = this.boardOnDisk().get(topic);
    return stored !== undefined && sameJson(stored, payload);
  }

  private boardOnDisk(): Map<string, JsonObject> {
    const board = jsonObject(this.disk.files.get(`${DIRECTORIES.state}/workflows`))?.commands;
    const commands = Object.entries((board ?? {}) as Record<string, { payload: JsonObject }>);
    return new Map(commands.map(([topic, { payload }]) => [topic, payload]));
  }

  /** A state is published before its script starts, and scripts of one operation never run side by side. */
  private scriptStarted([, topic = "", status = ""]: readonly string[]): void {
    const published = jsonObject(this.lastPublished.get(topic) ?? this.broker.retained.get(topic));
    const isBackground = published?.status !== status;
    if (isBackground) return;
    if (this.stopping) this.faults.push(`${topic} was begun while the agent stops`);
    const operation = topic.slice(COMMANDS.length).split("/")[0] ?? "";
    const other = this.running.get(operation);
    if (other !== undefined) this.faults.push(`${topic} runs beside ${other}`);
    this.running.set(operation, topic);
  }

  private scriptEnded([, topic = ""]: readonly string[]): void {
    const operation = topic.slice(COMMANDS.length).split("/")[0] ?? "";
    if (this.running.get(operation) === topic) this.running.delete(operation);
  }

  /** When nothing is left to do, every command is at its end or gone, and nothing is left behind. */
  private checkEnd(): void {
    const board = this.boardOnDisk();
    for (const topic of this.asked) {
      const content = this.broker.retained.get(topic);
      const state = jsonObject(content);
      if (this.clearedAt.has(topic)) {
        if (content !== undefined) this.faults.push(`cleared, but still retained: ${topic} ${content}`);
        if (board.has(topic)) this.faults.push(`cleared, but still on the board: ${topic}`);
      } else if (state?.status !== "successful" && state?.status !== "failed") {
        this.faults.push(`never came to an end: ${topic} ${content}`);
      }
    }
    const subs = [...this.broker.retained.keys(), ...board.keys()].filter((topic) => topic.includes("/sub:"));
    if (subs.length > 0) this.faults.push(`sub-commands are left: ${subs.join(", ")}`);
    const copies = this.disk.below(`${DIRECTORIES.state}/workflows-in-use`);
    if (copies.length > 0 && this.disk.faults === 0) this.faults.push(`definitions are left: ${copies.join(", ")}`);
    const downloads = this.disk.below(DIRECTORIES.tmp);
    if (downloads.length > 0 && this.disk.faults === 0) this.faults.push(`downloads are left: ${downloads.join(", ")}`);
  }
}

/** The one state that is published without being stored: a request that the disk did not take. */
function isRefusal({ status, reason }: JsonObject): boolean {
  return status === "failed" && reason === "The command cannot be stored: No space left on device";
}

test("whatever workflows, scripts, kills, restarts, disk faults and clears do, every command ends once and in order", async () => {
  const first = Number(process.env.SIM_SEED ?? 1);
  const count = process.env.SIM_SEED === undefined ? HISTORIES : 1;
  for (let seed = first; seed < first + count; seed += 1) {
    const history = new History(seed);
    await history.run();
    expect({ seed, faults: history.faults }).toEqual({ seed, faults: [] });
  }
}, 60_000);
