import type { Log } from "../base/log.ts";
import type { FileStore } from "../files/store/file-store.ts";
import type { History } from "../operations/history/history.ts";
import type { Twin } from "../twin/twin.ts";
import { type DescriptionOptions, descriptionRoutes } from "./description/description-routes.ts";
import { entityRoutes } from "./entities/entities.ts";
import { type EventRoutesOptions, eventRoutes } from "./events/events.ts";
import { deprecatedFileRoutes, fileRoutes } from "./files/files.ts";
import { operationRoutes } from "./operations/operations.ts";
import { type HttpApp, routedApp } from "./routed-app.ts";

export interface HttpAppOptions {
  readonly files: FileStore;
  readonly twin: Twin;
  readonly log: Log;
  /** Without it there are no event streams. */
  readonly events?: Omit<EventRoutesOptions, "twin">;
  /** Without it nothing is told about commands. */
  readonly operations?: Pick<History, "list">;
  /** Without it there are no documents that describe the interface. */
  readonly description?: DescriptionOptions;
}

/** Everything that the agent's HTTP server answers (spec/http-api §§2-3). The `te` of its paths does not follow the MQTT topic root. */
export function createHttpApp(options: HttpAppOptions): HttpApp {
  return routedApp(
    options.log,
    fileRoutes("/te/v1/files", options),
    deprecatedFileRoutes("/tedge/file-transfer", options),
    ...(options.events === undefined ? [] : [eventRoutes({ ...options.events, twin: options.twin })]),
    entityRoutes(options.twin),
    ...(options.operations === undefined ? [] : [operationRoutes(options.operations)]),
    ...(options.description === undefined ? [] : [descriptionRoutes(options.description)]),
  );
}
