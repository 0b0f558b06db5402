import { type Clock, sleep } from "../../base/clock.ts";
import { sameJson } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { ok, type Result } from "../../base/result.ts";
import { defaultScheme, MAIN_DEVICE } from "../../bus/entity-id.ts";
import { payloadText, type ReceivedMessage, retained } from "../../bus/message.ts";
import type { Participant, Publish } from "../../bus/participant.ts";
import {
  type CommandPayload,
  FAILED,
  formatCommandPayload,
  INIT,
  isFinal,
  parseCommandPayload,
} from "../../bus/payload/command.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import type { DownloadCache } from "../../files/cache/download-cache.ts";
import { type FileServer, fileUrl } from "../../files/file-url.ts";
import type { FileStore } from "../../files/store/file-store.ts";
import type { RetainedSource } from "../../twin/retained-source.ts";
import type { CommandAddress } from "../command.ts";
import { createTasks } from "../tasks.ts";
import { PREPARE } from "./ask-for-files.ts";
import { commandSources, replaceSources } from "./command-sources.ts";
import { createDelivery, type Delivery, type DeliveryRequest, type DeliveryWorld } from "./delivery.ts";
import { createDeliveryRecords } from "./delivery-record.ts";
import { exposedFolder } from "./exposed-folder.ts";
import { type FetchMode, needsLocalCopy } from "./needs-local-copy.ts";

export interface ChildFilesOptions {
  readonly schema: TopicSchema;
  /** `<agent.state.path>/child-files` */
  readonly stateDirectory: string;
  readonly mode: FetchMode;
  /** Milliseconds for which a device may be silent after it was told of its files, or since it last told a state. */
  readonly timeout: number;
  /** The file transfer service as devices reach it. */
  readonly fileServer: FileServer;
  /** Networks of this host, as addresses with a prefix. */
  readonly networks: () => readonly string[];
  readonly cache: Pick<DownloadCache, "open" | "withFile" | "trim">;
  readonly publish: Publish;
  readonly readRetained: RetainedSource;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is needed of the file transfer service. */
export type ServedFiles = Pick<FileStore, "share" | "remove" | "pin">;

/**
 * Files for other devices (spec/operations §10): takes requests with the status `prepare`, makes their files available on the file transfer
 * service, and publishes them as `init` with the local URLs; follows them to their end, and removes the files.
 */
export interface ChildFiles {
  readonly participant: Participant;
  /** Takes up what an earlier process was at; to be called before the file store is tended, so that nothing of it expires. */
  open(store: ServedFiles): Promise<Result<undefined>>;
  /** What is under way goes on at the next start; waits at most `timeout` milliseconds. */
  stop(timeout: number): Promise<void>;
}

/** Commands whose files are served or fetched at a time. */
const MOST_DELIVERIES = 2_000;

/** Topics that a broker is asked for in one go. */
const MOST_FILTERS = 100;
/** Milliseconds until a broker that could not be asked is asked again. */
const RETRY_DELAY = 30_000;

export function createChildFiles(options: ChildFilesOptions): ChildFiles {
  const { schema, publish, clock, log } = options;
  const tasks = createTasks(log);
  const stopping = new AbortController();
  const records = createDeliveryRecords(options.stateDirectory, log);
  const deliveries = new Map<string, Delivery>();
  let world: DeliveryWorld | undefined;

  const pathOf = ({ device, operation }: CommandAddress, name: string) =>
    `${exposedFolder(device)}/${operation}/${name}`;

  function localize(address: CommandAddress, { payload, files }: DeliveryRequest): CommandPayload {
    const served = new Set(files.map(({ path }) => path));
    return replaceSources(address.operation, address.id, payload, ({ name }) => {
      const path = pathOf(address, name);
      return served.has(path) ? fileUrl(options.fileServer, path) : undefined;
    });
  }

  function requestOf(address: CommandAddress, payload: CommandPayload): DeliveryRequest {
    const { device, operation, id } = address;
    const isForOther = device !== MAIN_DEVICE && defaultScheme(device)?.kind !== "service";
    const gateway = { host: options.fileServer.host, networks: options.networks() };
    const sources = isForOther ? commandSources(operation, id, payload) : [];
    const files = sources
      .filter(({ url }) => needsLocalCopy(options.mode, url, gateway))
      .map(({ name, ...source }) => ({ path: pathOf(address, name), ...source }));
    return { payload, files };
  }

  function begin(address: CommandAddress, request: DeliveryRequest): Delivery {
    if (world === undefined) throw new Error("Files for devices were asked for before they could be served");
    const delivery = createDelivery({ address, request, onIdle: () => deliveries.delete(address.topic) }, world);
    deliveries.set(address.topic, delivery);
    return delivery;
  }

  function tell(topic: string, payload: CommandPayload): void {
    tasks.run(async () => void (await publish(retained(topic, formatCommandPayload(payload)))));
  }

  async function ask(address: CommandAddress, payload: CommandPayload, { retain, dup }: ReceivedMessage) {
    const { topic } = address;
    const present = deliveries.get(topic);
    if (present === undefined && dup && !retain) return log.debug(`Request repeated: ${topic}`);
    const request = requestOf(address, payload);
    if (present !== undefined) {
      if (ACTIVE.has(present.state) && !sameJson(present.request.payload, payload)) {
        return log.error(`Two concurrent requests are under execution on the same topic: ${topic}`);
      }
      return await present.ask(request, retain);
    }
    if (request.files.length === 0) return tell(topic, { ...payload, status: INIT });
    if (deliveries.size >= MOST_DELIVERIES) {
      const reason = `Files are already served for ${MOST_DELIVERIES} commands that are not at their end`;
      log.error(`${topic} fails: ${reason}`);
      return tell(topic, { ...payload, status: FAILED, reason });
    }
    await begin(address, request).ask(request, retain);
  }

  async function receiveCommand(address: CommandAddress, message: ReceivedMessage): Promise<void> {
    const text = payloadText(message);
    if (text === "") return deliveries.get(address.topic)?.send({ kind: "cleared" });
    const received = text === undefined ? undefined : parseCommandPayload(text);
    if (received?.ok !== true) return;
    if (received.value.status === PREPARE) return await ask(address, received.value, message);
    deliveries.get(address.topic)?.send({ kind: "status", isFinal: isFinal(received.value) });
  }

  const addressOf = (topic: string): CommandAddress | undefined => {
    const parsed = schema.parse(topic);
    if (parsed?.channel.kind !== "command") return undefined;
    const { operation, id } = parsed.channel;
    return operation === "" || id === ""
      ? undefined
      : { topic, root: schema.root, device: parsed.entity, operation, id };
  };

  const unsureTopics = () =>
    [...deliveries.values()].flatMap(({ state, address }) => (state === "unsure" ? [address.topic] : []));

  /** Asks the broker what became of the commands of an earlier process: what it no longer has was cleared. */
  async function makeSure(): Promise<void> {
    while (!stopping.signal.aborted) {
      const topics = unsureTopics().slice(0, MOST_FILTERS);
      if (topics.length === 0) return;
      const held: ReceivedMessage[] = [];
      const read = await options.readRetained(topics, (message) => held.push(message), stopping.signal);
      if (!read.ok) {
        log.warn("It is not known yet what became of the commands whose files are served", read.fault);
        await sleep(clock, RETRY_DELAY, stopping.signal);
        continue;
      }
      for (const message of held) {
        const address = addressOf(message.topic);
        const isUnsure = deliveries.get(message.topic)?.state === "unsure";
        if (address !== undefined && isUnsure) await receiveCommand(address, message);
      }
      for (const topic of topics) deliveries.get(topic)?.send({ kind: "settled" });
    }
  }

  const participant: Participant = {
    name: "child-files",
    subscriptions: [
      { filter: `${schema.root}/+/+/+/+`, qos: 1 },
      { filter: `${schema.root}/+/+/+/+/cmd/+/+`, qos: 1 },
    ],
    async receive(message) {
      const address = addressOf(message.topic);
      if (address !== undefined) return await receiveCommand(address, message);
      const parsed = schema.parse(message.topic);
      if (parsed?.channel.kind !== "registration" || message.payload.length > 0) return;
      for (const delivery of deliveries.values()) {
        if (delivery.address.device === parsed.entity) delivery.send({ kind: "cleared" });
      }
    },
    async connected({ first }) {
      if (!first) return;
      tasks.run(makeSure);
    },
  };

  return {
    participant,
    async open(store) {
      world = { ...options, store, records, localize, tasks, stopping: stopping.signal };
      const opened = await options.cache.open();
      if (!opened.ok) return opened;
      const found = await records.load();
      if (!found.ok) return found;
      for (const { topic, payload, files, isMarked } of found.value) {
        const address = addressOf(topic);
        if (address === undefined) log.warn(`The record of ${topic} is of another topic root and stays`);
        else begin(address, { payload, files }).send({ kind: "restored", marked: isMarked });
      }
      await options.cache.trim();
      return ok();
    },
    async stop(timeout) {
      stopping.abort();
      const late = new AbortController();
      await Promise.race([tasks.idle(), sleep(clock, timeout, late.signal)]);
      late.abort();
    },
  };
}

/** States in which another request than the one under way is a mistake of its sender. */
const ACTIVE: ReadonlySet<Delivery["state"]> = new Set([
  "recording",
  "fetching",
  "marking",
  "announcing",
  "following",
  "failing",
]);
