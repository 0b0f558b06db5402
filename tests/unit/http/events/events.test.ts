import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as v from "valibot";
import { ok } from "../../../../src/base/result.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { type ChangeFeed, createChangeFeed } from "../../../../src/feed/change-feed.ts";
import { STREAM_EVENT_SCHEMA } from "../../../../src/feed/event-document.ts";
import { HEARTBEAT, STALL } from "../../../../src/feed/reader-desk.ts";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import { createHttpApp } from "../../../../src/http/app.ts";
import type { HttpApp } from "../../../../src/http/routed-app.ts";
import { createTwin, type TwinKeeper } from "../../../../src/twin/keeper.ts";
import { type SimulatedClock, simulatedClock } from "../../../sim/simulated-clock.ts";
import { entityId } from "../../feed/an-event.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";
import { SseClient } from "./sse-client.ts";

const EVENTS = "/te/v1/events";
const ENTITIES = "/te/v1/entities";
const PUMP = entityId("device/pump");
const MOST_STREAMS = 3;

let directory: TemporaryDirectory;
let clock: SimulatedClock;
let twin: TwinKeeper;
let feed: ChangeFeed;
let app: HttpApp;

beforeEach(async () => {
  directory = temporaryDirectory();
  clock = simulatedClock();
  const log = recordedLog();
  const schema = topicSchema("te");
  const publish = async () => "delivered" as const;
  // There is no broker that would retain anything.
  const readRetained = async () => ok();
  twin = createTwin({
    schema,
    statePath: directory.path,
    autoRegister: true,
    cleanStart: false,
    publish,
    readRetained,
    clock,
    random: () => 0,
    log,
  });
  await twin.open(new AbortController().signal);
  const history = { events: 4, bytes: 1_000_000 };
  feed = createChangeFeed({ schema, twin, readRetained, history, readers: MOST_STREAMS, clock, random: () => 0 });
  feed.start();
  app = createHttpApp({ files: createFileStore({ root: directory.path, log }), twin, log, events: { feed, clock } });
  await twin.register({ id: PUMP, type: "child-device", twin: {} });
  await twin.register({ id: entityId("device/nozzle"), type: "child-device", parent: PUMP, twin: {} });
});

afterEach(async () => {
  feed.end();
  await twin.stop();
  directory[Symbol.dispose]();
});

function call(target: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return app(new Request(`http://127.0.0.1:8000${target}`, { method, headers }));
}

async function refusal(target: string, method = "GET"): Promise<[number, string]> {
  const response = await call(target, {}, method);
  return [response.status, await response.text()];
}

/** A client that reads as fast as it can. */
async function follow(target: string, headers: Record<string, string> = {}) {
  const response = await call(target, headers);
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error(`${response.status} without a body`);
  const client = new SseClient(headers["last-event-id"]);
  let hasEnded = false;
  const pump = async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      client.feed(new TextDecoder().decode(read.value));
    }
    hasEnded = true;
  };
  void pump();
  return {
    response,
    client,
    hasEnded: () => hasEnded,
    cancel: () => reader.cancel(),
    /** The events since the last call, in words. */
    async take(): Promise<string[]> {
      await clock.advance(0);
      return client.events.splice(0).map(({ type, data }) => {
        const event = v.parse(STREAM_EVENT_SCHEMA, JSON.parse(data));
        expect(type).toBe(event.kind);
        return "id" in event ? `${event.id} ${event.kind} ${event.change}` : event.kind;
      });
    },
  };
}

async function message(topic: string, payload: string): Promise<void> {
  await feed.participant.receive({
    topic,
    payload: new TextEncoder().encode(payload),
    qos: 1,
    retain: false,
    dup: false,
  });
}

const alarm = (device: string, type = "hot") => message(`te/device/${device}///a/${type}`, "{}");

describe("a stream", () => {
  test("is an event stream that nobody keeps or holds back", async () => {
    const { response, client, take } = await follow(EVENTS);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(await take()).toEqual([]);
    expect([client.lastEventId, client.reconnectionTime]).toEqual(["0000000000-0", 2_000]);
  });

  test("tells what is asked over HTTP and what comes over MQTT", async () => {
    const { take } = await follow(EVENTS);
    await twin.setFragment(PUMP, "site", { row: 2 });
    await message("te/device/pump///status/health", '{"status":"up"}');
    await alarm("pump");
    await message("te/device/pump///cmd/restart/1", "not\r\nsound\n\n: at all");
    await twin.remove(PUMP);
    expect(await take()).toEqual([
      "device/pump// twin set",
      "device/pump// health reported",
      "device/pump// alarm raised",
      "device/pump// command state",
      "device/nozzle// registration removed",
      "device/pump// registration removed",
    ]);
  });

  test.each([
    [`${EVENTS}?type=twin`, ["device/nozzle// twin set"]],
    [`${EVENTS}?type=alarm,health`, ["device/pump// alarm raised", "device/nozzle// alarm raised"]],
    [`${EVENTS}?root=device/pump&type=alarm`, ["device/pump// alarm raised", "device/nozzle// alarm raised"]],
    [`${EVENTS}?root=device/nozzle`, ["device/nozzle// alarm raised", "device/nozzle// twin set"]],
    [`${ENTITIES}/device/pump///events`, ["device/pump// alarm raised"]],
    [`${ENTITIES}/device%2Fpump%2F%2F/events?descendants=false`, ["device/pump// alarm raised"]],
    [
      `${ENTITIES}/device/pump///events?descendants=true`,
      ["device/pump// alarm raised", "device/nozzle// alarm raised", "device/nozzle// twin set"],
    ],
    [`${ENTITIES}/device/pump///events?descendants=true&type=twin`, ["device/nozzle// twin set"]],
    [`${ENTITIES}/device/main///events`, []],
  ])("of %s tells %j of three changes", async (target, expected) => {
    const { take } = await follow(target);
    await alarm("pump");
    await alarm("nozzle");
    await twin.setFragment(entityId("device/nozzle"), "width", 4);
    expect(await take()).toEqual(expected);
  });

  test("resumes after the last event that the client had, by header or by parameter, and the header wins", async () => {
    const first = await follow(EVENTS);
    await alarm("pump");
    await first.take();
    await first.cancel();
    await alarm("nozzle");
    const { lastEventId } = first.client;
    expect(lastEventId).toBe("0000000000-1");
    for (const [target, headers] of [
      [EVENTS, { "last-event-id": lastEventId }],
      [`${EVENTS}?last-event-id=${lastEventId}`, {}],
      [`${EVENTS}?last-event-id=other`, { "last-event-id": lastEventId }],
      [`${EVENTS}?last-event-id=${lastEventId}`, { "last-event-id": "" }],
    ] as const) {
      const second = await follow(target, headers);
      expect(await second.take()).toEqual(["device/nozzle// alarm raised"]);
      await second.cancel();
    }
  });

  test("resumes with a reset where the agent lost track of the broker", async () => {
    const first = await follow(EVENTS);
    await first.cancel();
    await feed.participant.connected?.({ first: false, sessionPresent: false });
    const second = await follow(`${EVENTS}?type=twin`, { "last-event-id": first.client.lastEventId });
    expect(await second.take()).toEqual(["reset"]);
    expect(second.client.lastEventId).toBe("0000000000-1");
  });

  test.each(["1111111111-3", "nonsense", "0000000000-1", "0000000000-9"])(
    "that cannot resume after %s begins with a reset, and resumes from there the next time",
    async (lastEventId) => {
      (await follow(EVENTS)).cancel();
      for (let count = 0; count < 6; count += 1) await alarm("pump");
      const { client, take, cancel } = await follow(EVENTS, { "last-event-id": lastEventId });
      expect(await take()).toEqual(["reset"]);
      expect(client.lastEventId).toBe("0000000000-6");
      await cancel();
      await alarm("nozzle");
      const next = await follow(EVENTS, { "last-event-id": client.lastEventId });
      expect(await next.take()).toEqual(["device/nozzle// alarm raised"]);
    },
  );

  test("has a heartbeat every 15 seconds, which takes the client's id along", async () => {
    const { client, take } = await follow(`${EVENTS}?type=twin`);
    await clock.advance(HEARTBEAT);
    expect(client.comments).toEqual([" heartbeat"]);
    await alarm("pump");
    await clock.advance(HEARTBEAT);
    expect(client.comments.length).toBe(2);
    expect([client.lastEventId, await take()]).toEqual(["0000000000-1", []]);
  });

  test("ends at once when the agent stops", async () => {
    const { take, hasEnded } = await follow(EVENTS);
    await take();
    feed.end();
    await take();
    expect(hasEnded()).toBe(true);
    expect(await refusal(EVENTS)).toEqual([503, '{"error":"The agent is about to stop"}']);
  });
});

describe("a client that does not read", () => {
  /** All that is in the stream of a client that begins to read now. */
  async function readLate(response: Response): Promise<SseClient> {
    const client = new SseClient();
    client.feed(await response.text());
    return client;
  }

  test("is cut off when what it has not taken is kept no longer, is told so, and resumes with a reset", async () => {
    const response = await call(EVENTS);
    for (let count = 0; count < 5; count += 1) await alarm("pump");
    const client = await readLate(response);
    expect(client.events.map(({ type }) => type)).toEqual(["overflow"]);
    expect(client.lastEventId).toBe("0000000000-0");
    const { take } = await follow(EVENTS, { "last-event-id": client.lastEventId });
    expect(await take()).toEqual(["reset"]);
  });

  test("is cut off after a minute, and resumes without a gap", async () => {
    const response = await call(EVENTS);
    await alarm("pump");
    await clock.advance(STALL);
    const client = await readLate(response);
    expect(client.events.map(({ type }) => type)).toEqual(["overflow"]);
    const { take } = await follow(EVENTS, { "last-event-id": client.lastEventId });
    expect(await take()).toEqual(["device/pump// alarm raised"]);
  });
});

describe("refused is", () => {
  test("what is one stream too many, until another ends", async () => {
    const streams = await Promise.all(Array.from({ length: MOST_STREAMS }, () => follow(EVENTS)));
    const response = await call(EVENTS);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "10"]);
    expect(await response.json()).toEqual({ error: "Too many event streams: at most 3 may be open at one time" });
    await streams[0]?.cancel();
    expect((await call(EVENTS)).status).toBe(200);
  });

  test.each([
    `${EVENTS}?root=device/unknown`,
    `${ENTITIES}/device/unknown///events`,
    `${ENTITIES}/device/unknown///events?descendants=true`,
  ])("%s, of an entity that is not registered", async (target) => {
    expect(await refusal(target)).toEqual([404, '{"error":"Entity with topic id: device/unknown// not found"}']);
  });

  test("an id that is none", async () => {
    expect(await refusal(`${ENTITIES}/device/%2B///events`)).toEqual([
      400,
      '{"error":"An entity topic identifier must be a valid MQTT topic"}',
    ]);
  });

  test.each([EVENTS, `${ENTITIES}/device/pump///events`])("a query of %s that makes no sense", async (target) => {
    const [status, text] = await refusal(`${target}?type=colour`);
    expect([status, text]).toEqual([400, expect.stringContaining('{"error":"Invalid event type: colour.')]);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("%s", async (method) => {
    for (const target of [EVENTS, `${ENTITIES}/device/pump///events`, `${ENTITIES}/device/unknown///events`]) {
      const response = await call(target, {}, method);
      expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([405, "GET,HEAD", ""]);
    }
  });
});

test("HEAD has the status and the headers of GET, and takes no place", async () => {
  for (let count = 0; count <= MOST_STREAMS; count += 1) {
    for (const target of [EVENTS, `${ENTITIES}/device/pump///events`]) {
      const response = await call(target, {}, "HEAD");
      expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
      expect(await response.text()).toBe("");
    }
  }
  expect((await call(`${ENTITIES}/device/unknown///events`, {}, "HEAD")).status).toBe(404);
  expect((await call(EVENTS)).status).toBe(200);
});

test("other paths are answered as ever", async () => {
  expect((await refusal(`${EVENTS}/`))[0]).toBe(404);
  expect((await refusal(`${ENTITIES}/device/pump//`))[0]).toBe(200);
  expect((await refusal(`${ENTITIES}/device/pump///twin/events`))[0]).toBe(404);
  for (const path of ["device/pump///events/", "device/pump///events/x", "device/pump///event"]) {
    const [status, text] = await refusal(`${ENTITIES}/${path}`);
    expect([status, text]).toEqual([404, expect.stringContaining("Actions on channel: event")]);
  }
  // Two segments: an entity of that name.
  expect(await refusal(`${ENTITIES}/pump/events`)).toEqual([
    404,
    '{"error":"Entity with topic id: pump/events// not found"}',
  ]);
});
