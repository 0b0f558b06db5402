import { systemClock } from "../../../../src/base/clock.ts";
import { ok } from "../../../../src/base/result.ts";
import { type Message, transient } from "../../../../src/bus/message.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { entityRoutes } from "../../../../src/http/entities/entities.ts";
import { routedApp } from "../../../../src/http/routed-app.ts";
import { createTwin, type TwinKeeper } from "../../../../src/twin/keeper.ts";
import { temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";

export const ENTITIES = "/te/v1/entities";
export const PUMP = { "@topic-id": "device/pump//", "@parent": "device/main//", "@type": "child-device" };

/** The entity store API of a twin of its own. */
export interface EntityApi extends AsyncDisposable {
  readonly twin: TwinKeeper;
  /** What the twin has published. */
  readonly published: readonly Message[];
  call(method: string, target: string, body?: BodyInit, headers?: Record<string, string>): Promise<Response>;
  /** Status and body. */
  answer(...call: Parameters<EntityApi["call"]>): Promise<[number, string]>;
  post(entity: unknown, type?: string): Promise<[number, string]>;
  /** The ids that the list shows. */
  ids(query?: string): Promise<string[]>;
  /** A message from the bus. */
  deliver(topic: string, payload: string): Promise<void>;
}

export async function startEntityApi(): Promise<EntityApi> {
  const directory = temporaryDirectory();
  const published: Message[] = [];
  let echoed = 0;
  const log = recordedLog();
  const twin = createTwin({
    schema: topicSchema("te"),
    statePath: directory.path,
    autoRegister: true,
    cleanStart: false,
    publish: async (message) => {
      published.push(message);
      return "delivered";
    },
    clock: systemClock,
    random: Math.random,
    readRetained: async () => ok(),
    log,
  });
  await twin.open(new AbortController().signal);
  const app = routedApp(log, entityRoutes(twin));
  const api: EntityApi = {
    twin,
    published,
    call(method, target, body, headers = {}) {
      const init = body === undefined ? { method, headers } : { method, headers, body };
      return app(new Request(`http://127.0.0.1:8000${target}`, init));
    },
    async answer(...call) {
      const response = await api.call(...call);
      return [response.status, await response.text()];
    },
    post(entity, type = "application/json") {
      const body = typeof entity === "string" ? entity : JSON.stringify(entity);
      return api.answer("POST", ENTITIES, body, { "content-type": type });
    },
    async ids(query = "") {
      const list: { "@topic-id": string }[] = await (await api.call("GET", `${ENTITIES}${query}`)).json();
      return list.map((entity) => entity["@topic-id"]);
    },
    async deliver(topic, payload) {
      // As a broker does: first comes back what was published before.
      for (const message of published.slice(echoed)) {
        await twin.participant.receive({ ...message, retain: false, dup: false });
      }
      echoed = published.length;
      await twin.participant.receive({ ...transient(topic, payload), dup: false });
    },
    async [Symbol.asyncDispose]() {
      await twin.stop();
      directory[Symbol.dispose]();
    },
  };
  return api;
}

/** An answer of the status with the text as JSON. */
export function error(status: number, text: string): [number, string] {
  return [status, JSON.stringify({ error: text })];
}
