import { X509Certificate } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { CancelTimer, Clock } from "../base/clock.ts";
import { type DirectoryWatch, watchDirectory } from "../base/directory-watch.ts";
import { describeFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { drive } from "../base/machine.ts";
import type { Result } from "../base/result.ts";
import { type ServerTls, type ServerTlsSettings, serverTls } from "./server-tls.ts";
import { type ReloadEffect, serverTlsReload } from "./server-tls-reload.machine.ts";

export interface ServerTlsWatchOptions {
  readonly settings: ServerTlsSettings;
  /** What the server uses now. */
  readonly inUse: ServerTls;
  /** Makes the server use another. */
  readonly use: (tls: ServerTls) => Promise<Result<unknown>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds: for a change that no directory shows, as when a link to a directory is swapped; and for the rest of a pair to be written. */
const POLL_PERIOD = 60_000;
const SECOND_LOOK = 3_000;

/**
 * Looks at the files of a server's TLS whenever something changes beside them, and each minute, and makes the server use what is new and
 * good. What cannot be used changes nothing, is told once, and is tried again with the next change.
 */
export function watchServerTls(options: ServerTlsWatchOptions): { stop(): Promise<void> } {
  const { settings, clock, log } = options;
  let inUse = options.inUse;
  let watches: readonly DirectoryWatch[] = [];
  let looking: Promise<void> | undefined;
  let isAskedAgain = false;
  let isStopped = false;
  let cancelPoll: CancelTimer | undefined;
  let cancelSecondLook: CancelTimer | undefined;

  const machine = drive(serverTlsReload, (effect: ReloadEffect) => {
    switch (effect.kind) {
      case "look-again-soon":
        cancelSecondLook = clock.after(SECOND_LOOK, () => look(true));
        return;
      case "tell-broken":
        return log.warn(
          `The HTTPS certificate in use is kept, since the files that changed cannot be used: ${effect.why}`,
        );
      case "tell-mended":
        return log.info("The files of the HTTPS certificate are again those of the certificate in use");
      case "tell-in-use":
        return log.info(`The HTTPS certificate changed: ${describe(inUse)}`);
    }
  });

  /** One look at a time; whoever asks meanwhile gets one afterwards. */
  function look(again = false): void {
    if (isStopped) return;
    if (looking !== undefined) {
      isAskedAgain = true;
      return;
    }
    looking = lookOnce(again).finally(() => {
      looking = undefined;
      if (!isAskedAgain) return;
      isAskedAgain = false;
      look();
    });
  }

  async function lookOnce(again: boolean): Promise<void> {
    await watchAnew();
    const read = await serverTls(settings);
    if (!read.ok) return machine.send({ kind: "unusable", why: describeFault(read.fault), again });
    if (read.value === undefined || isSame(read.value, inUse)) return machine.send({ kind: "same" });
    const used = await options.use(read.value);
    if (!used.ok) return machine.send({ kind: "unusable", why: describeFault(used.fault), again });
    inUse = read.value;
    machine.send({ kind: "in-use" });
  }

  /** Before the look, so that nothing that happens meanwhile is missed. */
  async function watchAnew(): Promise<void> {
    const directories = await directoriesOf(settings);
    if (isStopped) return;
    for (const watch of watches) watch.close();
    watches = directories.flatMap((directory) => {
      const watch = watchDirectory(directory, clock, () => look());
      return watch.ok ? [watch.value] : [];
    });
  }

  const poll = () => {
    cancelPoll = clock.after(POLL_PERIOD, () => {
      look();
      poll();
    });
  };
  poll();
  look();
  return {
    async stop() {
      isStopped = true;
      cancelPoll?.();
      cancelSecondLook?.();
      for (const watch of watches) watch.close();
      await looking;
    },
  };
}

function isSame(one: ServerTls, other: ServerTls): boolean {
  return one.cert === other.cert && one.key === other.key && one.clientCa?.join("") === other.clientCa?.join("");
}

/** Where the files are, and where those are that they link to. */
async function directoriesOf(settings: ServerTlsSettings): Promise<readonly string[]> {
  const directories = new Set<string>();
  for (const [, path] of [settings.cert, settings.key, settings.ca]) {
    if (path === undefined) continue;
    const target = await realpath(path).catch(() => path);
    for (const place of [path, target]) directories.add(dirname(place));
    if ((await stat(path).catch(() => undefined))?.isDirectory() === true) directories.add(path);
  }
  return [...directories];
}

function describe({ cert, clientCa }: ServerTls): string {
  const { subject, validTo } = new X509Certificate(cert);
  const authorities = clientCa === undefined ? "" : `, client certificates of ${clientCa.length} authorities accepted`;
  return `${subject.replaceAll("\n", ", ")}, valid until ${validTo}${authorities}`;
}
