import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { systemClock } from "../../../../src/base/clock.ts";
import { type Message, payloadText, transient } from "../../../../src/bus/message.ts";
import { topicSchema } from "../../../../src/bus/topic.ts";
import { createFileStore } from "../../../../src/files/store/disk-file-store.ts";
import { createHttpApp } from "../../../../src/http/app.ts";
import type { HttpApp } from "../../../../src/http/routed-app.ts";
import { createTwin, type TwinKeeper } from "../../../../src/twin/keeper.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../files/temporary-directory.ts";
import { recordedLog } from "../recorded-log.ts";

const ENTITIES = "/te/v1/entities";
const PUMP = { "@topic-id": "device/pump//", "@parent": "device/main//", "@type": "child-device" };

let directory: TemporaryDirectory;
let twin: TwinKeeper;
let app: HttpApp;
let published: Message[];

beforeEach(async () => {
  directory = temporaryDirectory();
  published = [];
  const log = recordedLog();
  twin = createTwin({
    schema: topicSchema("te"),
    statePath: directory.path,
    autoRegister: true,
    cleanStart: false,
    publish: async (message) => {
      published.push(message);
      return "delivered";
    },
    clock: systemClock,
    log,
  });
  await twin.open(new AbortController().signal);
  app = createHttpApp({ files: createFileStore({ root: directory.path, log }), twin, log });
});

afterEach(async () => {
  await twin.stop();
  directory[Symbol.dispose]();
});

function call(
  method: string,
  target: string,
  body?: BodyInit,
  headers: Record<string, string> = {},
): Promise<Response> {
  const init = body === undefined ? { method, headers } : { method, headers, body };
  return app(new Request(`http://127.0.0.1:8000${target}`, init));
}

async function answer(
  method: string,
  target: string,
  body?: BodyInit,
  headers?: Record<string, string>,
): Promise<[number, string]> {
  const response = await call(method, target, body, headers);
  return [response.status, await response.text()];
}

function post(entity: unknown, type = "application/json"): Promise<[number, string]> {
  const body = typeof entity === "string" ? entity : JSON.stringify(entity);
  return answer("POST", ENTITIES, body, { "content-type": type });
}

async function ids(query = ""): Promise<string[]> {
  const list: { "@topic-id": string }[] = await (await call("GET", `${ENTITIES}${query}`)).json();
  return list.map((entity) => entity["@topic-id"]);
}

function error(status: number, text: string): [number, string] {
  return [status, JSON.stringify({ error: text })];
}

function deliver(topic: string, payload: string): Promise<void> {
  return twin.participant.receive({ ...transient(topic, payload), dup: false });
}

describe("POST", () => {
  test("registers, answers with the padded id, and tells the bus", async () => {
    expect(await post({ "@topic-id": "device/pump", "@type": "child-device", "@id": "x", site: { row: 2 } })).toEqual([
      201,
      '{"@topic-id":"device/pump//"}',
    ]);
    expect(await answer("GET", `${ENTITIES}/device/pump//`)).toEqual([
      200,
      '{"@topic-id":"device/pump//","@parent":"device/main//","@type":"child-device","@id":"x"}',
    ]);
    expect(await answer("GET", `${ENTITIES}/device/pump///twin/site`)).toEqual([200, '{"row":2}']);
    await twin.stop();
    const [told] = published;
    expect(told?.topic).toBe("te/device/pump//");
    expect(JSON.parse((told && payloadText(told)) ?? "")).toEqual({
      "@type": "child-device",
      "@id": "x",
      site: { row: 2 },
    });
  });

  test("takes every JSON media type and no other", async () => {
    const body = (name: string) => ({ "@topic-id": `device/${name}`, "@type": "child-device" });
    expect((await post(body("a"), "application/json; charset=utf-8"))[0]).toBe(201);
    expect((await post(body("b"), "application/vnd.x+json"))[0]).toBe(201);
    for (const type of ["text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded"]) {
      expect(await post(body("c"), type)).toEqual([415, "Expected request with `Content-Type: application/json`"]);
    }
    const bytes = new TextEncoder().encode(JSON.stringify(body("c")));
    expect((await answer("POST", ENTITIES, bytes))[0]).toBe(415);
  });

  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ["{} x", "trailing characters at line 1 column 4"],
    ['{"@topic-id":', "EOF while parsing a value at line 1 column 13"],
  ])("what is not JSON answers 400: %j", async (body, reason) => {
    expect(await post(body)).toEqual([400, `Failed to parse the request body as JSON: ${reason}`]);
  });

  test.each([
    ['{"@type":"service"}', "missing field `@topic-id` at line 1 column 19"],
    ['{"@topic-id":"device/a"}', "missing field `@type` at line 1 column 24"],
    [
      '{"@topic-id":"device/a","@type":"main"}',
      "unknown variant `main`, expected one of `device`, `child-device`, `service` at line 1 column 38",
    ],
    [
      '{"@topic-id":"a/b/c/d/e","@type":"service"}',
      "An entity topic identifier has at most 4 segments at line 1 column 24",
    ],
    [
      '{"@topic-id":"a/+","@type":"service"}',
      "An entity topic identifier must be a valid MQTT topic at line 1 column 18",
    ],
    [
      '{"@topic-id":"a/b","@type":"service","@id":5}',
      "invalid type: integer `5`, expected a string at line 1 column 44",
    ],
    [
      '{"@topic-id":"a/b","@type":"service","@parent":[]}',
      "invalid type: sequence, expected a string at line 1 column 47",
    ],
    ["[]", "invalid type: sequence, expected a map at line 1 column 0"],
  ])("a wrong shape answers 422: %s", async (body, reason) => {
    expect(await post(body)).toEqual([422, `Failed to deserialize the JSON body into the target type: ${reason}`]);
  });

  test("null members count as not given", async () => {
    const entity = { "@topic-id": "device/a", "@type": "child-device", "@parent": null, "@id": null, "@health": null };
    expect((await post(entity))[0]).toBe(201);
  });

  test("what is registered already answers 409, the main device included", async () => {
    for (const id of ["device/main", "device/main//"]) {
      expect(await post({ "@topic-id": id, "@type": "child-device" })).toEqual(
        error(409, "An entity with topic id: device/main// is already registered"),
      );
    }
  });

  test("an unknown parent answers 400, also one that the id names", async () => {
    const refused = error(400, 'The specified parent "device/none//" does not exist in the entity store');
    expect(await post({ "@topic-id": "device/a", "@type": "child-device", "@parent": "device/none" })).toEqual(refused);
    expect(await post({ "@topic-id": "device/none/service/s", "@type": "service" })).toEqual(refused);
    expect(await ids()).toEqual(["device/main//"]);
  });
});

describe("the list", () => {
  beforeEach(async () => {
    for (const entity of [
      { "@topic-id": "device/b", "@type": "child-device" },
      { "@topic-id": "device/a", "@type": "child-device" },
      { "@topic-id": "device/aa", "@type": "child-device", "@parent": "device/a" },
      { "@topic-id": "device/a/service/s", "@type": "service" },
    ]) {
      expect((await post(entity))[0]).toBe(201);
    }
  });

  test("is breadth first, children in byte order", async () => {
    const all = ["device/main//", "device/a//", "device/b//", "device/a/service/s", "device/aa//"];
    expect(await ids()).toEqual(all);
    expect(await ids("?root=&parent=&type=&other=1&other=2")).toEqual(all);
  });

  test("can be narrowed to a tree, to children, and to a type", async () => {
    expect(await ids("?root=device/a")).toEqual(["device/a//", "device/a/service/s", "device/aa//"]);
    expect(await ids("?parent=device%2Fa%2F%2F")).toEqual(["device/a/service/s", "device/aa//"]);
    expect(await ids("?parent=device/a&type=service")).toEqual(["device/a/service/s"]);
    expect(await ids("?type=device")).toEqual(["device/main//"]);
    expect(await ids("?root=device/none")).toEqual([]);
    expect(await ids("?parent=device/b")).toEqual([]);
  });

  test.each([
    [
      "?root=device/a&parent=device/b",
      "The provided parameters: root and parent are mutually exclusive. Use either one.",
    ],
    ["?root=a/b/c/d/e", "An entity topic identifier has at most 4 segments"],
    ["?parent=a/%23", "An entity topic identifier must be a valid MQTT topic"],
    ["?root=a&parent=b&type=main", "Invalid entity type: main"],
  ])("refuses %s", async (query, text) => {
    expect(await answer("GET", `${ENTITIES}${query}`)).toEqual(error(400, text));
  });

  test("refuses a parameter given twice, in plain text", async () => {
    const response = await call("GET", `${ENTITIES}?type=service&type=service`);
    expect([response.status, await response.text()]).toEqual([
      400,
      "Failed to deserialize query string: duplicate field `type`",
    ]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("answers HEAD without body", async () => {
    const response = await call("HEAD", ENTITIES);
    expect([response.status, response.headers.get("content-type"), response.body]).toEqual([
      200,
      "application/json",
      null,
    ]);
  });
});

describe("paths", () => {
  beforeEach(async () => void (await post(PUMP)));

  test("two, three and four segments name the same entity", async () => {
    for (const path of ["device/pump", "device/pump/", "device/pump//", "device%2Fpump//", "device/%70ump"]) {
      expect(await answer("GET", `${ENTITIES}/${path}`)).toEqual([200, JSON.stringify(PUMP)]);
    }
  });

  test("one segment is not found, nothing is an unknown path", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      expect(await answer(method, `${ENTITIES}/device`)).toEqual(error(404, "Not Found"));
    }
    for (const method of ["GET", "PUT", "POST"]) expect(await answer(method, `${ENTITIES}/`)).toEqual([404, ""]);
  });

  test("an id that is no topic answers 400", async () => {
    for (const path of ["device/+", "device/%23//", "device/a%2B///twin"]) {
      expect(await answer("GET", `${ENTITIES}/${path}`)).toEqual(
        error(400, "An entity topic identifier must be a valid MQTT topic"),
      );
    }
  });

  test("what is no UTF-8 answers 400 in plain text", async () => {
    expect(await answer("GET", `${ENTITIES}/device/%ff`)).toEqual([400, "Invalid URL: Invalid UTF-8 in `path`"]);
  });

  test("another channel is not supported by any method", async () => {
    for (const [path, channel] of [
      ["device/pump///m", "m"],
      ["device/pump///cmd/restart/1", "cmd"],
      ["device/pump///", ""],
      ["device/pump///config/a/b", "config"],
    ]) {
      for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
        expect(await answer(method, `${ENTITIES}/${path}`)).toEqual(
          error(404, `Actions on channel: ${channel} are not supported`),
        );
      }
    }
  });

  test("a twin key of several segments answers 400 by every method, also for an unknown entity", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      for (const path of ["device/pump///twin/a/b", "device/none///twin/a%2Fb"]) {
        expect(await answer(method, `${ENTITIES}/${path}`)).toEqual(
          error(
            400,
            "Invalid twin key: 'a/b'. Keys that are empty, containing '/' or starting with '@' are not allowed",
          ),
        );
      }
    }
  });

  test("a method that makes no sense there answers 405", async () => {
    for (const [method, path] of [
      ["PUT", "device/pump//"],
      ["PATCH", "device/pump///twin"],
      ["PATCH", "device/pump///twin/a"],
      ["PUT", "device/pump///config"],
      ["PATCH", "device/pump///config/a"],
      ["DELETE", "device/pump///config"],
    ] as const) {
      expect(await answer(method, `${ENTITIES}/${path}`)).toEqual(error(405, "Method Not Allowed"));
    }
  });

  test("a method that the route does not know answers 405 with what it allows", async () => {
    for (const [method, path, allow] of [
      ["POST", "/device/pump//", "GET,HEAD,PUT,PATCH,DELETE"],
      ["OPTIONS", "/device", "GET,HEAD,PUT,PATCH,DELETE"],
      ["DELETE", "", "POST,GET,HEAD"],
      ["PUT", "", "POST,GET,HEAD"],
      ["OPTIONS", "", "POST,GET,HEAD"],
    ] as const) {
      const response = await call(method, `${ENTITIES}${path}`);
      expect([response.status, await response.text(), response.headers.get("allow")]).toEqual([405, "", allow]);
    }
  });
});

describe("one entity", () => {
  beforeEach(async () => {
    await post(PUMP);
    await post({ "@topic-id": "device/pump/service/agent", "@type": "service" });
  });

  test("an unknown one is not found", async () => {
    expect(await answer("GET", `${ENTITIES}/device/none`)).toEqual(
      error(404, "Entity with topic id: device/none// not found"),
    );
  });

  test("PATCH changes parent and health, whatever the content type says", async () => {
    await post({ "@topic-id": "device/hall", "@type": "child-device" });
    const patch = '{"@parent":"device/hall","@health":"device/pump/service/agent"}';
    expect(await answer("PATCH", `${ENTITIES}/device/pump`, patch, { "content-type": "text/plain" })).toEqual([
      200,
      '{"@topic-id":"device/pump//","@parent":"device/hall//","@type":"child-device","@health":"device/pump/service/agent"}',
    ]);
  });

  test("PATCH leaves alone what is null or absent", async () => {
    for (const body of ["{}", '{"@parent":null,"@health":null}']) {
      expect(await answer("PATCH", `${ENTITIES}/device/pump`, body)).toEqual([200, JSON.stringify(PUMP)]);
    }
  });

  test.each([
    ['{"name":1}', "unknown field `name`, expected `@parent` or `@health` at line 1 column 7"],
    ["{", "EOF while parsing an object at line 1 column 1"],
    ["7", "invalid type: integer `7`, expected a map at line 1 column 1"],
    ['{"@parent":7}', "invalid type: integer `7`, expected a string at line 1 column 12"],
    ['{"@parent":"device/pump"}', "Entity: 'device/pump//' can not be its own parent"],
    ['{"@parent":"device/none"}', 'The specified parent "device/none//" does not exist in the entity store'],
    [
      '{"@health":"device/main"}',
      "Entity: 'device/main//' can not be a health endpoint of 'device/pump//' because it is not a service. Only services can be health endpoints",
    ],
  ])("PATCH refuses %s", async (body, text) => {
    expect(await answer("PATCH", `${ENTITIES}/device/pump`, body)).toEqual(error(400, text));
    expect(await answer("GET", `${ENTITIES}/device/pump`)).toEqual([200, JSON.stringify(PUMP)]);
  });

  test("PATCH of an unknown entity is not found", async () => {
    expect(await answer("PATCH", `${ENTITIES}/device/none`, "{}")).toEqual(
      error(404, "The specified entity: device/none// does not exist in the entity store"),
    );
  });

  test("DELETE gives what it removed, parent first, and 204 when there was nothing", async () => {
    expect(await answer("DELETE", `${ENTITIES}/device/pump`)).toEqual([
      200,
      JSON.stringify([
        PUMP,
        { "@topic-id": "device/pump/service/agent", "@parent": "device/pump//", "@type": "service" },
      ]),
    ]);
    expect(await answer("DELETE", `${ENTITIES}/device/pump`)).toEqual([204, ""]);
    expect(await ids()).toEqual(["device/main//"]);
  });

  test("DELETE of the main device is refused", async () => {
    expect((await answer("DELETE", `${ENTITIES}/device/main`))[0]).toBe(400);
    expect(await ids()).toContain("device/main//");
  });
});

describe("twin data", () => {
  const TWIN = `${ENTITIES}/device/pump///twin`;

  beforeEach(async () => void (await post(PUMP)));

  test("a fragment is set, read and removed", async () => {
    expect(await answer("PUT", `${TWIN}/a.b`, '{ "z" : 1, "a" : [ true, null ] }')).toEqual([
      200,
      '{"a":[true,null],"z":1}',
    ]);
    expect(await answer("GET", `${TWIN}/a.b`)).toEqual([200, '{"a":[true,null],"z":1}']);
    expect(await answer("DELETE", `${TWIN}/a.b`)).toEqual([204, ""]);
    expect(await answer("DELETE", `${TWIN}/a.b`)).toEqual([204, ""]);
    expect(await answer("GET", `${TWIN}/a.b`)).toEqual(
      error(404, "Entity twin data for entity: device/pump// with fragment key: a.b not found"),
    );
  });

  test("numbers keep the digits that they were written with", async () => {
    for (const text of [
      "9007199254740993",
      "18446744073709551615",
      "-9223372036854775808",
      "2.0",
      '{"n":[1.50,1e2]}',
    ]) {
      expect(await answer("PUT", `${TWIN}/n`, text)).toEqual([200, text]);
      expect(await answer("GET", `${TWIN}/n`)).toEqual([200, text]);
    }
  });

  test("null removes a fragment and is echoed", async () => {
    await answer("PUT", `${TWIN}/a`, "1");
    expect(await answer("PUT", `${TWIN}/a`, "null")).toEqual([200, "null"]);
    expect(await answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test("the whole is replaced, read sorted, and removed", async () => {
    await answer("PUT", `${TWIN}/old`, "1");
    expect((await answer("PUT", TWIN, '{"z":1,"a":{"y":1,"b":2}}'))[0]).toBe(200);
    for (const path of [TWIN, `${TWIN}/`])
      expect(await answer("GET", path)).toEqual([200, '{"a":{"b":2,"y":1},"z":1}']);
    expect(await answer("DELETE", TWIN)).toEqual([204, ""]);
    expect(await answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ['{"a":1} x', "trailing characters at line 1 column 9"],
    ["true", "invalid type: boolean `true`, expected a map at line 1 column 4"],
    ["[1]", "invalid type: sequence, expected a map at line 1 column 0"],
  ])("the whole refuses %j, also before it looks for the entity", async (body, text) => {
    for (const path of [TWIN, `${ENTITIES}/device/none///twin`]) {
      expect(await answer("PUT", path, body)).toEqual(error(400, text));
    }
  });

  test("a key that is not allowed answers 400 before the entity is looked for", async () => {
    for (const [path, key] of [
      ["%40x", "@x"],
      ["a+b", "a+b"],
      ["a%23", "a#"],
    ]) {
      const text = `Invalid twin key: '${key}'. Keys that are empty, containing '/' or starting with '@' are not allowed`;
      for (const entity of ["device/pump", "device/none"]) {
        expect(await answer("PUT", `${ENTITIES}/${entity}///twin/${path}`, "1")).toEqual(error(400, text));
        expect(await answer("DELETE", `${ENTITIES}/${entity}///twin/${path}`)).toEqual(error(400, text));
      }
    }
    expect((await answer("PUT", TWIN, '{"ok":1,"@x":1}'))[0]).toBe(400);
    expect(await answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test("an unknown entity is not found", async () => {
    const text = "The specified entity: device/none// does not exist in the entity store";
    for (const [method, path, body] of [
      ["GET", "twin", undefined],
      ["PUT", "twin", "{}"],
      ["DELETE", "twin", undefined],
      ["PUT", "twin/a", "1"],
      ["DELETE", "twin/a", undefined],
    ] as const) {
      expect(await answer(method, `${ENTITIES}/device/none///${path}`, body)).toEqual(error(404, text));
    }
    expect(await answer("GET", `${ENTITIES}/device/none///twin/a`)).toEqual(
      error(404, "Entity twin data for entity: device/none// with fragment key: a not found"),
    );
  });
});

describe("exposed configuration", () => {
  const CONFIG = `${ENTITIES}/device/main/service/tedge-agent/config`;

  beforeEach(async () => {
    await deliver("te/device/main/service/tedge-agent", '{"@type":"service"}');
    await deliver("te/device/main/service/tedge-agent/config", '{"mqtt.client.port":4711,"device.id":"d","a":["x"]}');
  });

  test("it is read whole, sorted, and by key", async () => {
    expect(await answer("GET", CONFIG)).toEqual([200, '{"a":["x"],"device.id":"d","mqtt.client.port":4711}']);
    expect(await answer("GET", `${CONFIG}/mqtt.client.port`)).toEqual([200, "4711"]);
    expect(await answer("GET", `${CONFIG}/a`)).toEqual([200, '["x"]']);
  });

  test("a key that is not exposed is not found, nor is one that every object has", async () => {
    for (const key of ["none", "toString", "__proto__"]) {
      expect(await answer("GET", `${CONFIG}/${key}`)).toEqual(
        error(404, `Configuration value for entity: device/main/service/tedge-agent with key: ${key} not found`),
      );
    }
  });

  test("an entity without configuration has an empty one, an unknown entity is not found", async () => {
    expect(await answer("GET", `${ENTITIES}/device/main///config`)).toEqual([200, "{}"]);
    for (const path of ["config", "config/a"]) {
      expect(await answer("GET", `${ENTITIES}/device/none///${path}`)).toEqual(
        error(404, "The specified entity: device/none// does not exist in the entity store"),
      );
    }
  });
});

describe("bodies", () => {
  test("of more than 1 MiB are refused in plain text, with or without a length", async () => {
    const body = `"${"x".repeat(1_048_576)}"`;
    const path = `${ENTITIES}/device/main///twin/a`;
    const refused: [number, string] = [413, "Failed to buffer the request body: length limit exceeded"];
    expect(await answer("PUT", path, body, { "content-length": String(body.length) })).toEqual(refused);
    expect(await answer("PUT", path, body)).toEqual(refused);
    expect(await post(body)).toEqual(refused);
  });

  test("of exactly 1 MiB are taken", async () => {
    const body = `"${"x".repeat(1_048_574)}"`;
    expect(await answer("PUT", `${ENTITIES}/device/main///twin/a`, body)).toEqual([200, body]);
  });

  test("that are no UTF-8 answer 400", async () => {
    const [status, text] = await answer("PUT", `${ENTITIES}/device/main///twin/a`, new Uint8Array([0x22, 0xff, 0x22]));
    expect(status).toBe(400);
    expect(text).toStartWith("Request body didn't contain valid UTF-8: ");
  });

  test("that nest too deep answer 400 instead of exhausting the stack", async () => {
    expect(await answer("PUT", `${ENTITIES}/device/main///twin/a`, "[".repeat(500_000))).toEqual(
      error(400, "recursion limit exceeded at line 1 column 128"),
    );
  });
});
