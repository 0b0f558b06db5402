import type { Clock } from "../base/clock.ts";
import type { Fault } from "../base/fault.ts";
import type { Result } from "../base/result.ts";
import type { BindFaultCode } from "./bind-fault.ts";

export interface ServeOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: ServeTls;
  /**
   * Must not throw. The URL of the request is as the client wrote it but for dot segments, which the runtime resolves: `//`, `%2F` and
   * `%2e` inside a segment stay (spec/http-api §11). Bodies have no limit and are read only as fast as the handler reads them.
   */
  readonly handler: (request: Request, info: RequestInfo) => Response | Promise<Response>;
  /**
   * Milliseconds after which a connection on which nothing moves is closed; Bun knows at most 255 s. Handshake and head of a request
   * have 12 s in all. A body moves when 4 KiB of it have come, an answer when the client has taken some of it.
   */
  readonly idleTimeout: number;
  /** Without them a connection is refused only when the system has no more. */
  readonly limits?: ConnectionLimits;
  readonly clock: Clock;
}

export interface ServeTls {
  /** Certificate chain, PEM. */
  readonly cert: string;
  /** Private key, PEM. */
  readonly key: string;
  /** Certificates of authorities, PEM: a client must show a certificate that one of them stands for (spec/http-api §4.2). */
  readonly clientCa?: readonly string[];
}

/** Open connections. */
export interface ConnectionLimits {
  readonly most: number;
  /** Of one address other than those by which this machine reaches itself. */
  readonly mostPerClient: number;
}

export const UNLIMITED: ConnectionLimits = {
  most: Number.POSITIVE_INFINITY,
  mostPerClient: Number.POSITIVE_INFINITY,
};

export interface RequestInfo {
  /** Address of the client. */
  readonly remote: string | undefined;
}

export interface Server {
  readonly port: number;
  /** Connections that it can have at the same time: less than asked for where the process may not open as many files. */
  readonly mostConnections: number;
  /** New connections get another certificate, and show theirs to other authorities; those that are open go on. */
  changeTls(tls: ServeTls): Promise<Result<undefined, Fault<BindFaultCode>>>;
  /** Takes no more connections, lets running requests end for `graceMilliseconds`, then cuts them. */
  stop(graceMilliseconds: number): Promise<void>;
}
