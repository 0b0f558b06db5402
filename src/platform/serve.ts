import type { Fault } from "../base/fault.ts";
import type { Result } from "../base/result.ts";
import type { BindFaultCode } from "./bind-fault.ts";
import type { ServeOptions, Server } from "./http-listener.ts";
import { serveOnBun } from "./serve-bun.ts";
import { serveOnDeno } from "./serve-deno.ts";

/** Serves HTTP or HTTPS with the server of the runtime, Bun or Deno. The fault has the text of the operating system. */
export async function serveHttp(options: ServeOptions): Promise<Result<Server, Fault<BindFaultCode>>> {
  return typeof Deno === "undefined" ? serveOnBun(options) : serveOnDeno(options, Deno);
}
