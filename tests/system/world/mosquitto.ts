import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { accepts } from "./accepts.ts";
import { freePort } from "./free-port.ts";
import { endProcess } from "./process-output.ts";
import { runProgram } from "./program.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";
import { waitUntil } from "./wait-until.ts";

export interface MosquittoOptions {
  /** `on-exit` (as Debian has it): sessions and retained messages survive `stop` but not `kill`. `every-change`: both. Default `on-exit`. */
  readonly persistence?: "on-exit" | "every-change";
  /** Passwords by user name. Nobody else may connect then; without it everybody may. */
  readonly users?: Readonly<Record<string, string>>;
  /** More lines of configuration, put after the listener's. */
  readonly config?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

/** A real mosquitto on a port of 127.0.0.1, in a directory of its own. It may go down and come back on the same port. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Holds `mosquitto.conf` and, with persistence, `mosquitto.db`. */
  readonly directory: string;
  /** Everything that it logged, of all its lives. */
  log(): string;
  /** Starts it again, after `kill` or `stop`; resolves once it accepts connections. */
  start(): Promise<void>;
  /** SIGTERM: it saves its database. */
  stop(): Promise<void>;
  /** SIGKILL: like a loss of power. */
  kill(): Promise<void>;
  /**
   * `kill` at a moment at which everything that it acknowledged is saved. With persistence `every-change` mosquitto saves right after it
   * acknowledged, and what it had acknowledged and not yet saved when it was killed would be lost by mosquitto and by nobody else.
   */
  killSaved(): Promise<void>;
  /** Stops it and removes its directory. */
  dispose(): Promise<void>;
}

/** Starts mosquitto; resolves once it accepts connections. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const directory = await tempDir("mosquitto", options.persistence === "every-change" ? MEMORY : undefined);
  try {
    const port = options.port ?? (await freePort());
    await writeConfig(directory.path, port, options);
    const broker = makeBroker(directory, port);
    await broker.start();
    return broker;
  } catch (thrown) {
    await directory.remove();
    throw thrown;
  }
}

/** A file system that outlives a process, and waits for no disk when something is saved hundreds of times a second. */
const MEMORY = "/dev/shm";

function makeBroker(directory: TempDir, port: number): Mosquitto {
  const logFile = join(directory.path, "log");
  let running: Subprocess | undefined;
  const log = () => readFileSync(logFile, "utf8");
  const end = async (signal: NodeJS.Signals) => {
    const child = running;
    running = undefined;
    if (child !== undefined) await endProcess(child, signal);
  };
  const dispose = async () => {
    await end("SIGTERM");
    await directory.remove();
  };
  const start = async () => {
    if (running !== undefined) throw new Error("mosquitto runs already");
    const stderr = openSync(logFile, "a");
    const child = Bun.spawn([MOSQUITTO, "-c", join(directory.path, "mosquitto.conf")], { stdout: "ignore", stderr });
    closeSync(stderr);
    running = child;
    await waitUntil(`mosquitto listens on port ${port}`, async () => {
      if (child.exitCode === null) return await accepts(port);
      throw new Error(`mosquitto ended: ${log()}`);
    });
  };
  const killSaved = async () => {
    await waitUntil("mosquitto has saved what it acknowledged", async () => {
      const child = running;
      if (child === undefined) throw new Error("mosquitto does not run");
      child.kill("SIGSTOP");
      await waitUntil("mosquitto stands still", () => isStopped(child.pid), { interval: 1 });
      const isSaved = hasSaved(log(), join(directory.path, "db", "mosquitto.db.new"));
      if (isSaved) await end("SIGKILL");
      else child.kill("SIGCONT");
      return isSaved;
    });
  };
  return {
    port,
    directory: directory.path,
    log,
    start,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    killSaved,
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function isStopped(pid: number): boolean {
  return /^State:\s*T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** It tells each acknowledgement before it sends it, and each save when it begins; `unfinished` is there until the save is complete. */
function hasSaved(log: string, unfinished: string): boolean {
  const acknowledged = log.lastIndexOf(": Sending PUBACK to ");
  return log.lastIndexOf(": Saving in-memory database") > acknowledged && !existsSync(unfinished);
}

/** Debian keeps it in /usr/sbin, which is not in everybody's PATH. */
const MOSQUITTO =
  Bun.which("mosquitto", { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/usr/local/sbin` }) ?? "mosquitto";

async function writeConfig(directory: string, port: number, options: MosquittoOptions): Promise<void> {
  const database = join(directory, "db");
  await mkdir(database);
  const passwords = join(directory, "passwords");
  const users = Object.entries(options.users ?? {});
  for (const [index, [name, password]] of users.entries()) {
    await runProgram(["mosquitto_passwd", ...(index === 0 ? ["-c"] : []), "-b", passwords, name, password]);
  }
  const onEveryChange = ["autosave_on_changes true", "autosave_interval 1"];
  const lines = [
    "user root",
    "log_dest stderr",
    "log_type all",
    "persistence true",
    `persistence_location ${database}/`,
    ...(options.persistence === "every-change" ? onEveryChange : []),
    `listener ${port} 127.0.0.1`,
    ...(users.length === 0 ? ["allow_anonymous true"] : [`password_file ${passwords}`]),
    ...(options.config ?? []),
  ];
  await writeFile(join(directory, "mosquitto.conf"), `${lines.join("\n")}\n`);
}
