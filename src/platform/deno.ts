/** The part of Deno's own API that tebus uses; `undefined` where the runtime is another. */
declare global {
  var Deno: DenoRuntime | undefined;
}

export interface DenoRuntime {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly cert?: string;
      readonly key?: string;
      readonly signal: AbortSignal;
      readonly onListen: () => void;
      readonly onError: () => Response;
    },
    handler: (request: Request, info: DenoRequestInfo) => Response | Promise<Response>,
  ): DenoServer;
  /** For the `client` option of `fetch`. */
  createHttpClient(options: {
    readonly caCerts?: readonly string[];
    readonly cert?: string;
    readonly key?: string;
    readonly proxy?: {
      readonly url: string;
      readonly basicAuth?: { readonly username: string; readonly password: string } | undefined;
    };
  }): object;
}

export interface DenoRequestInfo {
  readonly remoteAddr: { readonly hostname: string };
}

export interface DenoServer {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}
