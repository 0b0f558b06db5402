import type { BackoffPolicy } from "../../base/backoff.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Result } from "../../base/result.ts";
import type { HttpClientSettings } from "../../platform/http-route.ts";
import { VERSION } from "../../platform/version.ts";
import type { TransferSlots } from "./transfer-slots.ts";

/** What a download or an upload needs of the world. */
export interface TransferOptions {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Ends the transfer with the code `aborted`. */
  readonly signal: AbortSignal;
  /** Default: no identity, trust of the system, no proxy. */
  readonly http?: HttpClientSettings;
  /** Headers that prove to the server of a URL who asks, for requests that bring no `authorization`. */
  readonly credentials?: (url: string) => Promise<Result<Readonly<Record<string, string>>>>;
  /** Default: those of the process. */
  readonly slots?: TransferSlots;
  /** Told the bytes that are done, again from 0 when it begins anew, and those in all, if known. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
  /** Default: `TRANSFER_POLICY`. */
  readonly policy?: TransferPolicy;
}

/** Times in milliseconds. */
export interface TransferPolicy {
  readonly backoff: BackoffPolicy;
  /** No new try of one request starts later than this after its first. */
  readonly budget: number;
  /** How long a connection may take to be made. */
  readonly connectTimeout: number;
  /** How long nothing may move on a connection. */
  readonly idleTimeout: number;
}

/** spec/http-api §7 */
export const TRANSFER_POLICY: TransferPolicy = {
  backoff: { initial: 15_000, maximum: 60_000, factor: 1.5, jitter: 0.1 },
  budget: 300_000,
  connectTimeout: 30_000,
  idleTimeout: 60_000,
};

export const USER_AGENT = `thin-edge.io ${VERSION}`;
