import * as v from "valibot";
import { describeFault, toFault } from "../base/fault.ts";
import { parseJson, stringifyJson, stringifySorted } from "../base/json.ts";
import type { Log } from "../base/log.ts";
import { cleared, type Message, retained } from "../bus/message.ts";
import type { Publish } from "../bus/participant.ts";
import type { BuiltinOperation } from "./builtin-operation.ts";
import type { Disk } from "./disk.ts";
import type { Tasks } from "./tasks.ts";

/** Tells on `<device>/cmd/<operation>` what this device can do, and takes it back when it cannot any more (spec/operations §1.1). */
export interface Capabilities {
  /** Says all that there is, in order of names, and withdraws what an earlier run said and this one cannot. */
  announce(): Promise<void>;
  /** Says again, or withdraws, single ones. Requests that come close together are done in one go. */
  update(operations: readonly string[]): void;
}

export interface CapabilitiesOptions {
  /** Operations that a new command can ask for. */
  readonly operations: () => readonly string[];
  readonly builtins: ReadonlyMap<string, BuiltinOperation>;
  readonly topic: (operation: string) => string;
  readonly publish: Publish;
  /** File with the names of what was said, kept over restarts. */
  readonly path: string;
  readonly disk: Disk;
  /** Once it is aborted nothing is said any more: what built-in operations find while they are broken off is not what there is. */
  readonly stopped: AbortSignal;
  readonly tasks: Tasks;
  /** Work that nobody waits for. */
  readonly background: Tasks;
  readonly log: Log;
}

const FILE = v.object({ operations: v.array(v.string()) });

export function createCapabilities(options: CapabilitiesOptions): Capabilities {
  const { builtins, disk, log } = options;
  const wanted = new Set<string>();
  let said: ReadonlySet<string> = new Set();
  let working = false;

  const remember = async (operations: ReadonlySet<string>) => {
    if (operations.size === said.size && [...operations].every((name) => said.has(name))) return;
    said = operations;
    const stored = await disk.replace(options.path, stringifyJson({ operations: [...operations].sort() }));
    if (!stored.ok) log.warn("Capabilities may stay after a restart", stored.fault);
  };

  const say = async (operation: string, round: object) => {
    const payload = await (builtins.get(operation)?.capability(round) ?? {});
    if (!options.stopped.aborted) send(retained(options.topic(operation), stringifySorted(payload)));
  };

  const send = (message: Message) => options.background.run(async () => void (await options.publish(message)));

  /** What is said is remembered before, what is withdrawn is forgotten after: a crash in between says or withdraws it once more. */
  const work = async () => {
    // Everything that is asked for just now belongs to the same round.
    await Promise.resolve();
    while (wanted.size > 0) {
      const round = {};
      const names = [...wanted].sort();
      wanted.clear();
      const possible = new Set(options.operations());
      await remember(new Set([...said, ...names.filter((name) => possible.has(name))]));
      for (const name of names) {
        if (!possible.has(name)) send(cleared(options.topic(name)));
        else await say(name, round).catch((thrown: unknown) => log.error(failed(name, thrown)));
      }
      await remember(new Set([...said].filter((name) => possible.has(name) || !names.includes(name))));
    }
    working = false;
  };

  const start = () => {
    if (working) return Promise.resolve();
    working = true;
    return work();
  };

  return {
    async announce() {
      said = await readSaid();
      for (const name of [...options.operations(), ...said]) wanted.add(name);
      await start();
    },
    update(operations) {
      for (const name of operations) wanted.add(name);
      options.tasks.run(start);
    },
  };

  async function readSaid(): Promise<ReadonlySet<string>> {
    const file = await disk.read(options.path);
    const json = file.ok ? parseJson(new TextDecoder().decode(file.value)) : file;
    const names = json.ok ? v.safeParse(FILE, json.value) : undefined;
    return new Set(names?.success === true ? names.output.operations : []);
  }
}

function failed(operation: string, thrown: unknown): string {
  return `The capability ${operation} is not published: ${describeFault(toFault(thrown))}`;
}
