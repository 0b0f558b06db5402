import { type RunningProgram, runProgram, startProgram } from "./program.ts";

export interface BrokerAccess {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
}

/** A message as mosquitto_sub printed it. */
export interface PrintedMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** A mosquitto_sub that runs. Payloads have to be of one line. */
export interface Subscriber extends AsyncDisposable {
  /** All so far, in order of arrival. */
  messages(): readonly PrintedMessage[];
  /** The first message on a topic, already there or to come; with `pattern` the first that it matches. */
  next(topic: string, pattern?: RegExp): Promise<PrintedMessage>;
  stop(): Promise<unknown>;
}

/** Publishes by mosquitto_pub at QoS 1; resolves once the broker acknowledged it. */
export async function mosquittoPub(
  broker: BrokerAccess,
  topic: string,
  payload: string,
  { retain = false }: { readonly retain?: boolean } = {},
): Promise<void> {
  const what = payload === "" ? ["-n"] : ["-m", payload];
  await runProgram(["mosquitto_pub", ...accessOptions(broker), ...(retain ? ["-r"] : []), "-t", topic, ...what]);
}

/** Starts mosquitto_sub at QoS 1; resolves once it is subscribed. */
export async function mosquittoSub(broker: BrokerAccess, filters: readonly string[]): Promise<Subscriber> {
  const topics = filters.flatMap((filter) => ["-t", filter]);
  // It keeps lines to itself when it writes to a pipe; with `-d` it tells when it is subscribed.
  const command = ["stdbuf", "-oL", "mosquitto_sub", ...accessOptions(broker), ...topics];
  const program = startProgram([...command, "-d", "-F", "message %r %t %p"]);
  await program.find("mosquitto_sub is subscribed", (line) => line.startsWith("Subscribed ") || undefined);
  return subscriber(program);
}

function subscriber(program: RunningProgram): Subscriber {
  return {
    messages: () =>
      program
        .lines()
        .map(parseLine)
        .filter((message) => message !== undefined),
    next: (topic, pattern = /^/) =>
      program.find(`mosquitto_sub gets ${pattern} on ${topic}`, (line) => {
        const message = parseLine(line);
        return message?.topic === topic && pattern.test(message.payload) ? message : undefined;
      }),
    stop: program.stop,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** With `-d` it also prints what it does. */
function parseLine(line: string): PrintedMessage | undefined {
  const [, retain, topic, payload] = /^message ([01]) (\S+) (.*)$/.exec(line) ?? [];
  return topic === undefined || payload === undefined ? undefined : { topic, payload, retain: retain === "1" };
}

function accessOptions({ port, username, password }: BrokerAccess): readonly string[] {
  return [
    ...["-h", "127.0.0.1", "-p", String(port), "-q", "1"],
    ...(username === undefined ? [] : ["-u", username]),
    ...(password === undefined ? [] : ["-P", password]),
  ];
}
