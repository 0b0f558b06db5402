import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { FaultError } from "../base/fault.ts";
import type { Config } from "../config/config.ts";
import { configuredFileOwner } from "../config/file-owner.ts";
import { CLOUDS } from "../config/table.ts";
import { authorizedApp } from "../http/authz/authorized-app.ts";
import type { HttpApp } from "../http/routed-app.ts";
import { TOKEN_DIRECTORY } from "../security/token-directory.ts";
import { createTokenKeeper } from "../security/token-keeper.ts";
import type { Twin } from "../twin/twin.ts";
import type { ServiceHost } from "./service.ts";

export interface GuardOptions {
  readonly config: Config;
  readonly host: ServiceHost;
  readonly twin: Pick<Twin, "get" | "list">;
  /** Directory of the file store. */
  readonly storeRoot: string;
}

export interface GuardedApp {
  readonly app: HttpApp;
  close(): void;
}

/** `app` as `http.authz` wants it: as it is, or for those only who show a token. Throws a `FaultError` when the tokens cannot be read. */
export async function guardApp(app: HttpApp, { config, host, twin, storeRoot }: GuardOptions): Promise<GuardedApp> {
  if (config.get("http.authz") === "none") return { app, close: () => undefined };
  const log = host.log("http");
  const { clock } = host;
  const owner = await configuredFileOwner({ directory: config.directory, clock, tell: (text) => log.warn(text) });
  const tokens = createTokenKeeper({
    directory: { path: join(config.directory, TOKEN_DIRECTORY), ...(owner === undefined ? {} : { owner }) },
    clock,
    random: randomBytes,
    log,
  });
  const opened = await tokens.open();
  if (!opened.ok) throw new FaultError(opened.fault);
  const gatewayNames = namesOfGateway(config);
  const guarded = authorizedApp(app, { tokens, twin, storeRoot: resolve(storeRoot), gatewayNames, clock, log });
  return { app: guarded, close: () => tokens.close() };
}

/** What mappers may call the main device. */
function namesOfGateway(config: Config): readonly string[] {
  const names = new Set<string>();
  const add = (name: string | undefined) => {
    if (name !== undefined && name !== "") names.add(name);
  };
  add(config.get("device.id"));
  for (const cloud of CLOUDS) {
    for (const profile of [undefined, ...config.profiles(cloud)]) {
      const section = config.profile(cloud, profile);
      if (section.ok) add(section.value.get("device.id"));
    }
  }
  return [...names];
}
