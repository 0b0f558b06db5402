import { stringifySorted } from "../../base/json.ts";
import type { Log } from "../../base/log.ts";
import { payloadText, type ReceivedMessage } from "../../bus/message.ts";
import type { Participant } from "../../bus/participant.ts";
import { type CommandPayload, isFinal, parseCommandPayload } from "../../bus/payload/command.ts";
import type { TopicSchema } from "../../bus/topic.ts";
import type { Disk } from "../disk.ts";
import { reasonOf } from "../workflow/transition.ts";
import type { CommandRecord } from "./command-record.ts";
import { createHistoryFile } from "./history-file.ts";
import { reducedPayload } from "./reduced-payload.ts";

/** The commands of all entities as they are seen on the bus: those that go on, and the last ones that ended. */
export interface History {
  readonly participant: Participant;
  /** Reads what is kept. */
  open(): Promise<void>;
  /** The newest first. */
  list(query: HistoryQuery): readonly CommandRecord[];
  /** Resolves once everything is on disk. */
  flushed(): Promise<void>;
}

export interface HistoryQuery {
  readonly device?: string;
  readonly operation?: string;
  readonly id?: string;
  readonly status?: string;
  /** Milliseconds since the epoch: those that went on or ended at or after it. */
  readonly since?: number;
  readonly limit?: number;
}

export interface HistoryOptions {
  readonly schema: TopicSchema;
  readonly path: string;
  readonly disk: Disk;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Log;
}

const MOST_ENDED = 1_000;
const MOST_RUNNING = 2_000;
/** A loop does not make a record grow without end: its states in the middle are left out. */
const MOST_STATES = 100;

export function createHistory({ schema, path, disk, now, log }: HistoryOptions): History {
  const file = createHistoryFile(path, disk, log);
  const running = new Map<string, CommandRecord>();
  const ended: CommandRecord[] = [];

  const keep = (record: CommandRecord) => {
    ended.push(record);
    if (ended.length > MOST_ENDED) ended.shift();
  };

  const finish = (record: CommandRecord) => {
    running.delete(record.topic);
    keep(record);
    file.add(record);
  };

  /** An end that the broker kept from before this process is not one more. */
  const isKnown = (record: CommandRecord) => {
    const last = ended.findLast(({ topic }) => topic === record.topic);
    return last !== undefined && stringifySorted(last.payload) === stringifySorted(record.payload);
  };

  const see = (message: ReceivedMessage, payload: CommandPayload | undefined) => {
    const { topic } = message;
    const before = running.get(topic);
    const parsed = schema.parse(topic);
    if (parsed?.channel.kind !== "command") return;
    if (payload === undefined) {
      if (before !== undefined) finish(endedAt({ ...before, status: "cleared" }, now()));
      return;
    }
    const { operation, id } = parsed.channel;
    const record = moved(before ?? { topic, device: parsed.entity, operation, id, states: [] }, payload, now());
    if (!isFinal(payload)) {
      running.set(topic, record);
      const [oldest] = running.keys();
      if (running.size > MOST_RUNNING && oldest !== undefined) running.delete(oldest);
      return;
    }
    if (before !== undefined || !isKnown(record)) finish({ ...record, ended: now() });
  };

  return {
    participant: {
      name: "history",
      subscriptions: [{ filter: `${schema.root}/+/+/+/+/cmd/+/+`, qos: 1 }],
      async receive(message) {
        const text = payloadText(message);
        if (text === "") return see(message, undefined);
        const payload = text === undefined ? undefined : parseCommandPayload(text);
        if (payload?.ok === true) see(message, payload.value);
      },
    },
    async open() {
      for (const record of await file.load()) keep(record);
    },
    list({ limit = MOST_ENDED, ...query }) {
      const all = [...ended, ...running.values()].reverse();
      return all.filter((record) => isWanted(record, query)).slice(0, limit);
    },
    flushed: () => file.flushed(),
  };
}

type Begun = Pick<CommandRecord, "topic" | "device" | "operation" | "id" | "states">;

function moved(before: Begun, payload: CommandPayload, now: number): CommandRecord {
  const { topic, device, operation, id } = before;
  const { status } = payload;
  const states =
    before.states.at(-1)?.status === status ? before.states : [...spent(before.states, now), { status, since: now }];
  const bounded = states.length > MOST_STATES ? [...states.slice(0, 1), ...states.slice(2)] : states;
  const reason = reasonOf(reducedPayload(payload));
  return {
    topic,
    device,
    operation,
    id,
    status,
    ...(reason === undefined ? {} : { reason }),
    states: bounded,
    payload: reducedPayload(payload),
  };
}

function endedAt(record: CommandRecord, now: number): CommandRecord {
  return { ...record, states: [...spent(record.states, now)], ended: now };
}

/** The last state is over. */
function spent(states: CommandRecord["states"], now: number): CommandRecord["states"] {
  return states.map((state) => (state.spent === undefined ? { ...state, spent: now - state.since } : state));
}

function isWanted(record: CommandRecord, { device, operation, id, status, since }: HistoryQuery): boolean {
  return (
    (device === undefined || record.device === device) &&
    (operation === undefined || record.operation === operation) &&
    (id === undefined || record.id === id) &&
    (status === undefined || record.status === status) &&
    (since === undefined || record.ended === undefined || record.ended >= since)
  );
}
