import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { systemClock } from "../../../../src/base/clock.ts";
import { ok } from "../../../../src/base/result.ts";
import { deviceId, MAIN_DEVICE } from "../../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import { createHttpApp } from "../../../../src/http/app.ts";
import { authorizedApp } from "../../../../src/http/authz/authorized-app.ts";
import type { HttpApp } from "../../../../src/http/routed-app.ts";
import type { TokenHolder, TokenRefusal } from "../../../../src/security/token-keeper.ts";
import { createTwin, type TwinKeeper } from "../../../../src/twin/keeper.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";

const ENTITIES = "/te/v1/entities";
const FILES = "/te/v1/files";
const PUMP = deviceId("pump");

let directory: TemporaryDirectory;
let store: string;
let twin: TwinKeeper;
let app: HttpApp;
let listeners: Set<() => void>;
let revoked: Set<string>;

beforeAll(async () => {
  directory = temporaryDirectory();
  store = join(directory.path, "store");
  const log = recordedLog();
  twin = createTwin({
    schema: topicSchema("te"),
    statePath: directory.path,
    autoRegister: true,
    cleanStart: false,
    publish: async () => "delivered",
    clock: systemClock,
    random: Math.random,
    readRetained: async () => ok(),
    log,
  });
  await twin.open(new AbortController().signal);
  app = createHttpApp({ files: createFileStore({ root: store, log }), twin, log });
  for (const name of ["valve", "pump"]) {
    const secret = name === "valve" ? OWN : SECRET;
    const entity = { "@topic-id": `device/${name}//`, "@type": "child-device", "@id": `X-${name}`, secret };
    const body = JSON.stringify(entity);
    const headers = { "content-type": "application/json" };
    const registered = await app(new Request(`http://h${ENTITIES}`, { method: "POST", body, headers }));
    expect(registered.status).toBe(201);
  }
  for (const name of ["valve", "pump", "main", "X-pump"]) {
    mkdirSync(join(store, name), { recursive: true });
    writeFileSync(join(store, name, "secret"), name === "valve" ? OWN : SECRET);
  }
});

afterAll(async () => {
  await twin.stop();
  directory[Symbol.dispose]();
});

beforeEach(() => {
  listeners = new Set();
  revoked = new Set();
});

const OWN = "what the valve knows";
const SECRET = "what only its owner may see";

function holderOf(text: string): { ok: true; value: TokenHolder } | { ok: false; fault: TokenRefusal } {
  if (revoked.has(text)) return { ok: false, fault: "unknown" };
  if (text === "gateway") return { ok: true, value: { kind: "gateway" } };
  if (text === "old") return { ok: false, fault: "expired" };
  const entity = { valve: "device/valve//", main: "device/main//" }[text];
  if (entity === undefined) return { ok: false, fault: "unknown" };
  return { ok: true, value: { kind: "client", record: { id: text, entity, sha256: "", created: 0, reads: [] } } };
}

function guarded(inner: HttpApp = app): HttpApp {
  return authorizedApp(inner, {
    tokens: {
      holderOf,
      hasTokenFor: () => false,
      watch(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    twin,
    storeRoot: store,
    gatewayNames: ["gw"],
    clock: systemClock,
    log: recordedLog(),
  });
}

function request(target: string, authorization?: string, init: RequestInit = {}): Request {
  const headers = new Headers(init.headers);
  if (authorization !== undefined) headers.set("authorization", authorization);
  return new Request(`http://127.0.0.1:8000${target}`, { ...init, headers });
}

describe("who shows no token that counts", () => {
  test.each([
    [undefined, "A token is needed: Authorization: Bearer <token>"],
    ["", "A token is needed: Authorization: Bearer <token>"],
    ["Basic dmFsdmU6eA==", "A token is needed: Authorization: Bearer <token>"],
    ["Bearer", "A token is needed: Authorization: Bearer <token>"],
    ["Bearer valve, Bearer gateway", "A token is needed: Authorization: Bearer <token>"],
    ["Bearer nobody", "The token is not known, or was revoked"],
    ["Bearer old", "The token has expired"],
  ])("%p: is told that one is needed", async (authorization, reason) => {
    for (const target of [ENTITIES, `${FILES}/valve/secret`, "/nowhere", "/te/v1/openapi.json"]) {
      const response = await guarded()(request(target, authorization));
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toStartWith('Bearer realm="tedge"');
      expect(await response.json()).toEqual({ error: reason });
    }
  });

  test("changes nothing", async () => {
    const put = await guarded()(request(`${FILES}/valve/new`, undefined, { method: "PUT", body: "x" }));
    expect(put.status).toBe(401);
    expect(readdirSync(join(store, "valve"))).toEqual(["secret"]);
  });
});

test("the gateway, and whoever has a token of the main device, see everything", async () => {
  for (const authorization of ["Bearer gateway", "bearer main"]) {
    const list = await guarded()(request(ENTITIES, authorization));
    expect(JSON.stringify(await list.json())).toContain("device/pump//");
    expect(await (await guarded()(request(`${FILES}/pump/secret`, authorization))).text()).toBe(SECRET);
  }
});

describe("a child device", () => {
  const child = (target: string, init?: RequestInit) => guarded()(request(target, "Bearer valve", init));

  test("reads and writes what is its own", async () => {
    expect(await (await child(`${ENTITIES}/device/valve///twin`)).json()).toEqual({ secret: OWN });
    expect((await child(`${ENTITIES}/device/valve///twin/rack`, { method: "PUT", body: "7" })).status).toBe(200);
    expect((await child(`${ENTITIES}/device/valve///twin/rack`, { method: "DELETE" })).status).toBe(204);
    expect((await child(`${FILES}/valve/log_upload/a-1`, { method: "PUT", body: "a log" })).status).toBe(201);
    expect(await (await child(`${FILES}/valve/log_upload/a-1`)).text()).toBe("a log");
    expect((await child(`${FILES}/valve/log_upload/a-1`, { method: "DELETE" })).status).toBe(202);
  });

  test("registers a service, whose body arrives whole at the route", async () => {
    const body = JSON.stringify({ "@topic-id": "device/valve/service/plc", "@type": "service", name: "Grüße" });
    const headers = { "content-type": "application/json" };
    expect((await child(ENTITIES, { method: "POST", body, headers })).status).toBe(201);
    const name = await child(`${ENTITIES}/device/valve/service/plc/twin/name`);
    expect(await name.json()).toBe("Grüße");
  });

  test("is told with 403 what it may not do", async () => {
    const response = await child(`${ENTITIES}/device/pump//`, { method: "DELETE" });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: "The token of device/valve// does not allow this: device/pump// does not belong to it",
    });
  });

  test("gets the route's own answer to a body that cannot be read or is too long", async () => {
    const headers = { "content-type": "application/json" };
    expect((await child(ENTITIES, { method: "POST", body: "{", headers })).status).toBe(400);
    const long = await child(ENTITIES, { method: "POST", body: " ".repeat(1_048_577), headers });
    expect(long.status).toBe(413);
  });

  /** Parts of paths that mean something to somebody on the way: the runtime, the router, the decoder, the disk. */
  const part = fc.constantFrom(
    ...["valve", "pump", "main", "X-valve", "X-pump", "gw", "gw:device:pump", "device", "service", "secret", "twin"],
    ...["", ".", "..", "%2e", "%2e%2e", ".%2e", "%2E%2E", "%2f", "%2F..", "..%2f", "%5c", "\\", ";", "%00", "%", "%ff"],
    ...["te", "v1", "files", "entities", "events", "tedge", "file-transfer", "store", "+", "#", "?root=device/pump//"],
  );
  const target = fc
    .tuple(
      fc.constantFrom(`${FILES}/`, "/tedge/file-transfer/", `${ENTITIES}/`, ENTITIES, "/te/v1/", "/"),
      fc.constantFrom("", "valve/", "device/valve//", "$STORE/", "$ENCODED/"),
      fc.array(part, { maxLength: 7 }),
      fc.constantFrom("/", "//", "%2F"),
    )
    .map(([prefix, start, parts, joint]) => `${prefix}${start}${parts.join(joint)}`);
  const method = fc.constantFrom("GET", "PUT", "DELETE", "PATCH", "POST", "HEAD");
  const body = fc.constantFrom(
    '{"@topic-id":"device/pump//","@type":"child-device"}',
    '{"@topic-id":"device/other//","@type":"child-device","@parent":"device/valve//"}',
    '{"@parent":"device/valve//"}',
    '{"@parent":"device/pump//"}',
    `"${"overwritten"}"`,
    "{}",
  );

  test("reaches nothing of others by whatever path, method and body", async () => {
    const foreign = () =>
      JSON.stringify([
        ["pump", "main", "X-pump"].map((name) => readFileSync(join(store, name, "secret"), "utf8")),
        readdirSync(store).filter((name) => !/^(?:valve|X-valve)$/.test(name)),
        readdirSync(directory.path),
        twin.list({}).filter(({ id }) => !id.startsWith("device/valve/")),
        twin.fragments(PUMP),
        twin.fragments(MAIN_DEVICE),
      ]);
    const before = foreign();
    let own = 0;
    await fc.assert(
      fc.asyncProperty(target, method, body, async (path, verb, content) => {
        const encoded = encodeURIComponent(store);
        const at = path.replace("$STORE", store).replace("$ENCODED", encoded);
        const withBody = verb === "GET" || verb === "HEAD" ? {} : { body: content };
        const headers = { "content-type": "application/json" };
        const response = await child(at, { method: verb, headers, ...withBody });
        const text = await response.text();
        if (response.status < 300) own += 1;
        expect(text).not.toContain(SECRET);
        expect(foreign()).toBe(before);
      }),
      { numRuns: 3_000 },
    );
    expect(own).toBeGreaterThan(0);
  });
});

describe("a stream of events", () => {
  const endless: HttpApp = async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => stream.enqueue(new TextEncoder().encode("data")),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };

  test("goes on while other tokens are revoked, and ends with its own", async () => {
    const response = await guarded(endless)(request(`${ENTITIES}/device/valve///events`, "Bearer valve"));
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data");
    const next = reader?.read();
    for (const listener of listeners) listener();
    revoked.add("valve");
    for (const listener of listeners) listener();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(listeners.size).toBe(0);
  });

  test("is not watched any more once the client is gone", async () => {
    const response = await guarded(endless)(request(`${ENTITIES}/device/valve///events`, "Bearer valve"));
    expect(listeners.size).toBe(1);
    await response.body?.cancel();
    expect(listeners.size).toBe(0);
  });
});
