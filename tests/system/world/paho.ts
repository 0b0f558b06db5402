import { join } from "node:path";
import type { BrokerAccess } from "./mosquitto-clients.ts";
import { type RunningProgram, startProgram } from "./program.ts";
import { waitUntil } from "./wait-until.ts";

/** Debian's, which has python3-paho-mqtt; another one may come first in PATH. */
export const PYTHON = "/usr/bin/python3";

export interface PublisherOptions {
  readonly clientId: string;
  /** Message n goes to the topic `<prefix><n>`, n from 0 on. */
  readonly prefix: string;
  readonly count: number;
  /** Messages a second. */
  readonly rate: number;
}

/** A program with paho-mqtt that publishes numbered messages at QoS 1 until all of them are acknowledged. */
export interface PahoPublisher extends AsyncDisposable {
  /** Resolves once so many messages are acknowledged. */
  acknowledged(count: number): Promise<void>;
}

export function startPahoPublisher(broker: BrokerAccess, options: PublisherOptions): PahoPublisher {
  const { clientId, prefix, count, rate } = options;
  const program = startPaho("paho_publisher.py", broker, clientId, [prefix, String(count), String(rate)]);
  return {
    acknowledged: (wanted) =>
      reached(program, `${wanted} messages are acknowledged`, () => program.lines().length >= wanted),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** A message as it came to a recorder. */
export interface Arrival {
  readonly topic: string;
  /** The DUP flag. */
  readonly dup: boolean;
}

/** A program with paho-mqtt that subscribes at QoS 1, in a persistent session, and comes back whenever it loses its broker. */
export interface PahoRecorder extends AsyncDisposable {
  /** All so far, in order. */
  arrivals(): readonly Arrival[];
  /** Resolves once messages on so many different topics came. */
  arrived(count: number): Promise<void>;
}

/** Resolves once it is subscribed. */
export async function startPahoRecorder(broker: BrokerAccess, clientId: string, filter: string): Promise<PahoRecorder> {
  const program = startPaho("paho_recorder.py", broker, clientId, [filter]);
  await program.find("the recorder is subscribed", (line) => line === "subscribed" || undefined);
  const arrivals = () => program.lines().flatMap(parseArrival);
  const distinct = () => new Set(arrivals().map(({ topic }) => topic)).size;
  return {
    arrivals,
    arrived: (count) => reached(program, `${count} different messages arrived`, () => distinct() >= count),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

function startPaho(program: string, broker: BrokerAccess, clientId: string, rest: readonly string[]): RunningProgram {
  const { port, username = "", password = "" } = broker;
  return startProgram([PYTHON, join(import.meta.dir, program), String(port), clientId, username, password, ...rest]);
}

async function reached(program: RunningProgram, what: string, isReached: () => boolean): Promise<void> {
  const look = () => {
    if (isReached()) return true;
    if (program.stderr() !== "") throw new Error(program.stderr());
    return false;
  };
  await waitUntil(what, look, { timeout: 20_000 });
}

function parseArrival(line: string): readonly Arrival[] {
  const [, topic, dup] = /^message (\S+) ([01])$/.exec(line) ?? [];
  return topic === undefined ? [] : [{ topic, dup: dup === "1" }];
}
