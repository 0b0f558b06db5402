import type { CancelTimer, Clock } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { describeFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import { drive } from "../../base/machine.ts";
import type { Result } from "../../base/result.ts";
import { retained } from "../../bus/message.ts";
import type { Publish } from "../../bus/participant.ts";
import { type CommandPayload, FAILED, formatCommandPayload, INIT } from "../../bus/payload/command.ts";
import type { DownloadCache } from "../../files/cache/download-cache.ts";
import type { FileStore } from "../../files/store/file-store.ts";
import type { CommandAddress } from "../command.ts";
import type { Tasks } from "../tasks.ts";
import { type DeliveryEffect, type DeliveryInput, type DeliveryState, deliveryMachine } from "./delivery.machine.ts";
import type { DeliveryRecord, DeliveryRecords, ExposedFile } from "./delivery-record.ts";
import { fetchFailure, silenceReason } from "./failure-text.ts";

/** What is wanted for one command. */
export interface DeliveryRequest {
  /** As it was asked. */
  readonly payload: CommandPayload;
  readonly files: readonly ExposedFile[];
}

/** The files of one command on their way to its device; what happens when is in delivery.machine.ts. */
export interface Delivery {
  readonly state: DeliveryState["kind"];
  readonly address: CommandAddress;
  /** The request that counts: of two that differ, the one that came first, until it is over. */
  readonly request: DeliveryRequest;
  /** Resolves once what has to survive is on disk. */
  ask(request: DeliveryRequest, isRetained: boolean): Promise<void>;
  send(input: Exclude<DeliveryInput, { readonly kind: "asked" }>): void;
}

export interface DeliveryWorld {
  readonly records: DeliveryRecords;
  readonly cache: Pick<DownloadCache, "withFile" | "trim">;
  readonly store: Pick<FileStore, "share" | "remove" | "pin">;
  readonly publish: Publish;
  /** The request with the URLs at which its files are served. */
  localize(address: CommandAddress, request: DeliveryRequest): CommandPayload;
  readonly tasks: Tasks;
  /** The agent stops: what is under way goes on at the next start. */
  readonly stopping: AbortSignal;
  /** Milliseconds for which a device may be silent. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface DeliveryOptions {
  readonly address: CommandAddress;
  readonly request: DeliveryRequest;
  /** Nothing is left of it, in memory and on disk. */
  readonly onIdle: () => void;
}

export function createDelivery({ address, request: first, onIdle }: DeliveryOptions, world: DeliveryWorld): Delivery {
  const { records, cache, store, tasks, clock, log } = world;
  const { topic } = address;
  let request = first;
  let asked = first;
  let recorded: Promise<void> = Promise.resolve();
  let fetching = new AbortController();
  let disarm: CancelTimer | undefined;
  const pins = new Map<string, () => void>();
  const { send: input, ...machine } = driveWith(perform);

  const send = (what: DeliveryInput) => {
    if (!world.stopping.aborted) input(what);
  };
  const record = (isMarked: boolean): DeliveryRecord => ({ topic, ...request, isMarked });

  function perform(effect: DeliveryEffect): void {
    switch (effect.kind) {
      case "record":
        recorded = recordRequest();
        return tasks.run(() => recorded);
      case "fetch":
        fetching = new AbortController();
        return tasks.run(() => fetchAll(request.files, AbortSignal.any([fetching.signal, world.stopping])));
      case "stop-fetching":
        return fetching.abort();
      case "mark":
        return tasks.run(async () => answer(await records.save(record(true)), "marked"));
      case "announce":
        log.info(`The files of ${topic} are there for its device`);
        return tell({ ...world.localize(address, request), status: INIT });
      case "fail":
        log.error(`${topic} fails: ${effect.reason}`);
        return tell({ ...request.payload, status: FAILED, reason: effect.reason });
      case "fail-silent":
        return perform({ kind: "fail", reason: silenceReason(address, world.timeout) });
      case "arm":
        disarm?.();
        disarm = clock.after(world.timeout, () => send({ kind: "silence" }));
        return;
      case "disarm":
        return disarm?.();
      case "remove":
        return tasks.run(() => removeAll(request.files));
      default:
        return exhaustive(effect);
    }
  }

  async function recordRequest(): Promise<void> {
    const kept = new Set(asked.files.map(({ path }) => path));
    const old = request.files.filter(({ path }) => !kept.has(path));
    request = asked;
    for (const { path } of request.files) if (!pins.has(path)) pins.set(path, store.pin(path));
    await unexpose(old);
    answer(await records.save(record(false)), "recorded");
  }

  async function fetchAll(files: readonly ExposedFile[], signal: AbortSignal): Promise<void> {
    for (const file of files) {
      const got = await cache.withFile(file, signal, (path) => store.share(file.path, path));
      if (signal.aborted) return;
      if (!got.ok) return send({ kind: "impossible", reason: fetchFailure(address.operation, got.fault, file.url) });
    }
    send({ kind: "fetched" });
  }

  function answer(done: Result<undefined>, kind: "recorded" | "marked"): void {
    if (done.ok) return send({ kind });
    send({ kind: "impossible", reason: `The command cannot be stored: ${describeFault(done.fault)}` });
  }

  function tell(payload: CommandPayload): void {
    tasks.run(async () => {
      const outcome = await world.publish(retained(topic, formatCommandPayload(payload)));
      if (outcome !== "closed") send({ kind: "published", isRefused: outcome !== "delivered" });
    });
  }

  async function removeAll(files: readonly ExposedFile[]): Promise<void> {
    const isClean = await unexpose(files);
    const forgotten = isClean ? await records.remove(topic) : undefined;
    if (forgotten?.ok === false) log.warn(`A record of ${topic} stays`, forgotten.fault);
    await cache.trim();
    send({ kind: "removed" });
    if (machine.state().kind === "idle") onIdle();
  }

  /** False when one stays; its record then tells the next process of it. */
  async function unexpose(files: readonly ExposedFile[]): Promise<boolean> {
    let isClean = true;
    for (const { path } of files) {
      pins.get(path)?.();
      pins.delete(path);
      const removed = await store.remove(path);
      if (removed.ok) continue;
      isClean = false;
      log.warn(`The file ${path} of ${topic} stays`, removed.fault);
    }
    return isClean;
  }

  for (const { path } of first.files) pins.set(path, store.pin(path));
  return {
    address,
    get state() {
      return machine.state().kind;
    },
    get request() {
      return request;
    },
    async ask(wanted, isRetained) {
      asked = wanted;
      send({ kind: "asked", isRetained });
      await recorded;
    },
    send,
  };
}

function driveWith(perform: (effect: DeliveryEffect) => void) {
  const machine = drive(deliveryMachine, perform);
  return { send: (input: DeliveryInput) => machine.send(input), state: () => machine.state };
}
