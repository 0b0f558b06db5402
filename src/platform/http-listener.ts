import type { Clock } from "../base/clock.ts";

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
  /** Milliseconds after which a connection on which nothing moves is closed; Bun knows at most 255 s. */
  readonly idleTimeout: number;
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

export interface RequestInfo {
  /** Address of the client. */
  readonly remote: string | undefined;
}

export interface Server {
  readonly port: number;
  /** Takes no more connections, lets running requests end for `graceMilliseconds`, then cuts them. */
  stop(graceMilliseconds: number): Promise<void>;
}
