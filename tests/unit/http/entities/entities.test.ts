import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { payloadText } from "../../../../src/bus/message.ts";
import { ENTITIES, type EntityApi, error, PUMP, startEntityApi } from "./entity-api.ts";

let api: EntityApi;

beforeEach(async () => {
  api = await startEntityApi();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

describe("POST", () => {
  test("registers, answers with the padded id, and tells the bus", async () => {
    expect(
      await api.post({ "@topic-id": "device/pump", "@type": "child-device", "@id": "x", site: { row: 2 } }),
    ).toEqual([201, '{"@topic-id":"device/pump//"}']);
    expect(await api.answer("GET", `${ENTITIES}/device/pump//`)).toEqual([
      200,
      '{"@topic-id":"device/pump//","@parent":"device/main//","@type":"child-device","@id":"x"}',
    ]);
    expect(await api.answer("GET", `${ENTITIES}/device/pump///twin/site`)).toEqual([200, '{"row":2}']);
    await api.twin.stop();
    const [told] = api.published;
    expect(told?.topic).toBe("te/device/pump//");
    expect(JSON.parse((told && payloadText(told)) ?? "")).toEqual({
      "@type": "child-device",
      "@id": "x",
      site: { row: 2 },
    });
  });

  test("takes every JSON media type and no other", async () => {
    const body = (name: string) => ({ "@topic-id": `device/${name}`, "@type": "child-device" });
    expect((await api.post(body("a"), "application/json; charset=utf-8"))[0]).toBe(201);
    expect((await api.post(body("b"), "application/vnd.x+json"))[0]).toBe(201);
    for (const type of ["text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded"]) {
      expect(await api.post(body("c"), type)).toEqual([415, "Expected request with `Content-Type: application/json`"]);
    }
    const bytes = new TextEncoder().encode(JSON.stringify(body("c")));
    expect((await api.answer("POST", ENTITIES, bytes))[0]).toBe(415);
  });

  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ["{} x", "trailing characters at line 1 column 4"],
    ['{"@topic-id":', "EOF while parsing a value at line 1 column 13"],
  ])("what is not JSON answers 400: %j", async (body, reason) => {
    expect(await api.post(body)).toEqual([400, `Failed to parse the request body as JSON: ${reason}`]);
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
    ['{"@topic-id":"a/b","@type":1}', "invalid type: integer `1`, expected string or map at line 1 column 28"],
    ['{"@topic-id":7,"@type":"service"}', "invalid type: integer `7`, expected a string at line 1 column 14"],
    ['{"@topic-id":"a/b","@type":"service","@type":"service"}', "duplicate field `@type` at line 1 column 44"],
    [
      '{"@topic-id":"a/b","@type":"service","@parent":[]}',
      "invalid type: sequence, expected a string at line 1 column 47",
    ],
    ["[]", "invalid type: sequence, expected a map at line 1 column 0"],
  ])("a wrong shape answers 422: %s", async (body, reason) => {
    expect(await api.post(body)).toEqual([422, `Failed to deserialize the JSON body into the target type: ${reason}`]);
  });

  test("the content type is looked at before the body", async () => {
    expect((await api.post("x".repeat(2_000_000), "text/plain"))[0]).toBe(415);
  });

  test("what is no UTF-8 is no JSON", async () => {
    const answer = await api.answer("POST", ENTITIES, new Uint8Array([0x22, 0xff, 0x22]), {
      "content-type": "application/json",
    });
    expect(answer).toEqual([400, "Failed to parse the request body as JSON: invalid unicode code point"]);
  });

  test("says where the entity is found", async () => {
    const body = JSON.stringify({ "@topic-id": "device/é 1", "@type": "child-device" });
    const response = await api.call("POST", ENTITIES, body, { "content-type": "application/json" });
    const location = response.headers.get("location") ?? "";
    expect(location).toBe(`${ENTITIES}/device/%C3%A9%201//`);
    expect((await api.call("GET", location)).status).toBe(200);
  });

  test("a second main device, and an id that is taken, answer 400", async () => {
    expect((await api.post({ "@topic-id": "te/gw", "@type": "device" }))[0]).toBe(400);
    await api.post({ "@topic-id": "device/a", "@type": "child-device", "@id": "X" });
    expect(await api.post({ "@topic-id": "device/b", "@type": "child-device", "@id": "X" })).toEqual(
      error(400, "The external id 'X' of device/b// is already used by device/a//"),
    );
  });

  test("null members count as not given", async () => {
    const entity = { "@topic-id": "device/a", "@type": "child-device", "@parent": null, "@id": null, "@health": null };
    expect((await api.post(entity))[0]).toBe(201);
  });

  test("what is registered already answers 409, the main device included", async () => {
    for (const id of ["device/main", "device/main//"]) {
      expect(await api.post({ "@topic-id": id, "@type": "child-device" })).toEqual(
        error(409, "An entity with topic id: device/main// is already registered"),
      );
    }
  });

  test("an unknown parent answers 400, also one that the id names", async () => {
    const refused = error(400, 'The specified parent "device/none//" does not exist in the entity store');
    expect(await api.post({ "@topic-id": "device/a", "@type": "child-device", "@parent": "device/none" })).toEqual(
      refused,
    );
    expect(await api.post({ "@topic-id": "device/none/service/s", "@type": "service" })).toEqual(refused);
    expect(await api.ids()).toEqual(["device/main//"]);
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
      expect((await api.post(entity))[0]).toBe(201);
    }
  });

  test("is breadth first, children in byte order", async () => {
    const all = ["device/main//", "device/a//", "device/b//", "device/a/service/s", "device/aa//"];
    expect(await api.ids()).toEqual(all);
    expect(await api.ids("?root=&parent=&type=&other=1&other=2")).toEqual(all);
  });

  test("can be narrowed to a tree, to children, and to a type", async () => {
    expect(await api.ids("?root=device/a")).toEqual(["device/a//", "device/a/service/s", "device/aa//"]);
    expect(await api.ids("?parent=device%2Fa%2F%2F")).toEqual(["device/a/service/s", "device/aa//"]);
    expect(await api.ids("?parent=device/a&type=service")).toEqual(["device/a/service/s"]);
    expect(await api.ids("?type=device")).toEqual(["device/main//"]);
    expect(await api.ids("?root=device/none")).toEqual([]);
    expect(await api.ids("?parent=device/b")).toEqual([]);
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
    expect(await api.answer("GET", `${ENTITIES}${query}`)).toEqual(error(400, text));
  });

  test("refuses a parameter given twice, in plain text", async () => {
    const response = await api.call("GET", `${ENTITIES}?type=service&type=service`);
    expect([response.status, await response.text()]).toEqual([
      400,
      "Failed to deserialize query string: duplicate field `type`",
    ]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("answers HEAD without body, and with the length that GET has", async () => {
    await api.post({ "@topic-id": "device/é", "@type": "child-device" });
    const whole = await (await api.call("GET", ENTITIES)).bytes();
    const response = await api.call("HEAD", ENTITIES);
    expect([response.status, response.headers.get("content-type"), response.body]).toEqual([
      200,
      "application/json",
      null,
    ]);
    expect(response.headers.get("content-length")).toBe(String(whole.byteLength));
  });
});

describe("paths", () => {
  beforeEach(async () => void (await api.post(PUMP)));

  test("two, three and four segments name the same entity", async () => {
    for (const path of ["device/pump", "device/pump/", "device/pump//", "device%2Fpump//", "device/%70ump"]) {
      expect(await api.answer("GET", `${ENTITIES}/${path}`)).toEqual([200, JSON.stringify(PUMP)]);
    }
  });

  test("one segment is not found, nothing is an unknown path", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      expect(await api.answer(method, `${ENTITIES}/device`)).toEqual(error(404, "Not Found"));
    }
    for (const method of ["GET", "PUT", "POST"]) expect(await api.answer(method, `${ENTITIES}/`)).toEqual([404, ""]);
  });

  test("an id that is no topic answers 400", async () => {
    for (const path of ["device/+", "device/%23//", "device/a%2B///twin"]) {
      expect(await api.answer("GET", `${ENTITIES}/${path}`)).toEqual(
        error(400, "An entity topic identifier must be a valid MQTT topic"),
      );
    }
  });

  test("what is no UTF-8 answers 400 in plain text", async () => {
    expect(await api.answer("GET", `${ENTITIES}/device/%ff`)).toEqual([400, "Invalid URL: Invalid UTF-8 in `path`"]);
  });

  test("another channel is not supported by any method", async () => {
    for (const [path, channel] of [
      ["device/pump///m", "m"],
      ["device/pump///cmd/restart/1", "cmd"],
      ["device/pump///", ""],
      ["device/pump///config/a/b", "config"],
    ]) {
      for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
        expect(await api.answer(method, `${ENTITIES}/${path}`)).toEqual(
          error(404, `Actions on channel: ${channel} are not supported`),
        );
      }
    }
  });

  test("a twin key of several segments answers 400 by every method, also for an unknown entity", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) {
      for (const path of ["device/pump///twin/a/b", "device/none///twin/a%2Fb"]) {
        expect(await api.answer(method, `${ENTITIES}/${path}`)).toEqual(
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
      expect(await api.answer(method, `${ENTITIES}/${path}`)).toEqual(error(405, "Method Not Allowed"));
    }
  });

  test("and says which methods do", async () => {
    for (const [method, path, allow] of [
      ["PUT", "device/pump//", "GET,HEAD,PATCH,DELETE"],
      ["PATCH", "device/pump///twin", "GET,HEAD,PUT,DELETE"],
      ["DELETE", "device/pump///config/a", "GET,HEAD"],
    ] as const) {
      expect((await api.call(method, `${ENTITIES}/${path}`)).headers.get("allow")).toBe(allow);
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
      const response = await api.call(method, `${ENTITIES}${path}`);
      expect([response.status, await response.text(), response.headers.get("allow")]).toEqual([405, "", allow]);
    }
  });
});

describe("one entity", () => {
  beforeEach(async () => {
    await api.post(PUMP);
    await api.post({ "@topic-id": "device/pump/service/agent", "@type": "service" });
    await api.post({ "@topic-id": "device/valve", "@type": "child-device", "@parent": "device/pump" });
  });

  test("an unknown one is not found", async () => {
    expect(await api.answer("GET", `${ENTITIES}/device/none`)).toEqual(
      error(404, "Entity with topic id: device/none// not found"),
    );
  });

  test("PATCH changes parent and health, whatever the content type says", async () => {
    await api.post({ "@topic-id": "device/hall", "@type": "child-device" });
    const patch = '{"@parent":"device/hall","@health":"device/pump/service/agent"}';
    expect(await api.answer("PATCH", `${ENTITIES}/device/pump`, patch, { "content-type": "text/plain" })).toEqual([
      200,
      '{"@topic-id":"device/pump//","@parent":"device/hall//","@type":"child-device","@health":"device/pump/service/agent"}',
    ]);
  });

  test("PATCH leaves alone what is null or absent", async () => {
    for (const body of ["{}", '{"@parent":null,"@health":null}']) {
      expect(await api.answer("PATCH", `${ENTITIES}/device/pump`, body)).toEqual([200, JSON.stringify(PUMP)]);
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
      '{"@parent":"device/pump/service/agent"}',
      "Entity: 'device/pump/service/agent' can not be a parent of 'device/pump//' because it is a service. Only devices can be parents",
    ],
    [
      '{"@parent":"device/valve"}',
      "Entity: 'device/valve//' can not be a parent of 'device/pump//' because 'device/valve//' is a descendent of 'device/pump//'",
    ],
    ['{"@health":"device/none"}', "The specified health endpoint: device/none// does not exist in the entity store"],
    ['{"@parent":"a/b/c/d/e"}', "An entity topic identifier has at most 4 segments at line 1 column 22"],
    ['{"@parent":"device/main","@parent":"device/main"}', "duplicate field `@parent` at line 1 column 34"],
    ['{"x":1,"@parent":2}', "unknown field `x`, expected `@parent` or `@health` at line 1 column 4"],
    ['{"@parent":2,"x":1}', "invalid type: integer `2`, expected a string at line 1 column 12"],
    [
      '{"@health":"device/main"}',
      "Entity: 'device/main//' can not be a health endpoint of 'device/pump//' because it is not a service. Only services can be health endpoints",
    ],
  ])("PATCH refuses %s", async (body, text) => {
    expect(await api.answer("PATCH", `${ENTITIES}/device/pump`, body)).toEqual(error(400, text));
    expect(await api.answer("GET", `${ENTITIES}/device/pump`)).toEqual([200, JSON.stringify(PUMP)]);
  });

  test("PATCH refuses another parent of the main device", async () => {
    expect(await api.answer("PATCH", `${ENTITIES}/device/main`, '{"@parent":"device/pump"}')).toEqual(
      error(400, "The parent of main device can not be updated"),
    );
  });

  test("PATCH with a good parent and a bad health endpoint changes nothing", async () => {
    await api.post({ "@topic-id": "device/hall", "@type": "child-device" });
    const patch = '{"@parent":"device/hall","@health":"device/none"}';
    expect((await api.answer("PATCH", `${ENTITIES}/device/pump`, patch))[0]).toBe(400);
    expect(await api.answer("GET", `${ENTITIES}/device/pump`)).toEqual([200, JSON.stringify(PUMP)]);
  });

  test("PATCH publishes the entity without its twin data, also when nothing changes", async () => {
    await api.answer("PUT", `${ENTITIES}/device/pump///twin/name`, '"P"');
    const before = api.published.length;
    await api.answer("PATCH", `${ENTITIES}/device/pump`, "{}");
    await api.twin.stop();
    expect(api.published.slice(before).map((message) => [message.topic, payloadText(message)])).toEqual([
      ["te/device/pump//", '{"@parent":"device/main//","@type":"child-device"}'],
    ]);
  });

  test("PATCH of an unknown entity is not found, but for flaws of what is asked", async () => {
    expect((await api.answer("PATCH", `${ENTITIES}/device/none`, '{"@parent":"device/none"}'))[0]).toBe(400);
  });

  test("PATCH of an unknown entity is not found", async () => {
    expect(await api.answer("PATCH", `${ENTITIES}/device/none`, "{}")).toEqual(
      error(404, "The specified entity: device/none// does not exist in the entity store"),
    );
  });

  test("DELETE gives what it removed, parent first, and 204 when there was nothing", async () => {
    expect(await api.answer("DELETE", `${ENTITIES}/device/pump`)).toEqual([
      200,
      JSON.stringify([
        PUMP,
        { "@topic-id": "device/pump/service/agent", "@parent": "device/pump//", "@type": "service" },
        { "@topic-id": "device/valve//", "@parent": "device/pump//", "@type": "child-device" },
      ]),
    ]);
    expect(await api.answer("DELETE", `${ENTITIES}/device/pump`)).toEqual([204, ""]);
    expect(await api.ids()).toEqual(["device/main//"]);
  });

  test("DELETE of the main device is refused", async () => {
    expect(await api.answer("DELETE", `${ENTITIES}/device/main`)).toEqual(
      error(400, "The main device can not be removed"),
    );
    expect(await api.ids()).toContain("device/main//");
  });
});

describe("bodies", () => {
  test("of more than 1 MiB are refused in plain text, with or without a length", async () => {
    const body = `"${"x".repeat(1_048_576)}"`;
    const path = `${ENTITIES}/device/main///twin/a`;
    const refused: [number, string] = [413, "Failed to buffer the request body: length limit exceeded"];
    expect(await api.answer("PUT", path, body, { "content-length": String(body.length) })).toEqual(refused);
    expect(await api.answer("PUT", path, body)).toEqual(refused);
    expect(await api.post(body)).toEqual(refused);
  });

  test("of exactly 1 MiB are taken", async () => {
    const body = `"${"x".repeat(1_048_574)}"`;
    expect(await api.answer("PUT", `${ENTITIES}/device/main///twin/a`, body)).toEqual([200, body]);
  });

  test("that are no UTF-8 answer 400", async () => {
    const [status, text] = await api.answer(
      "PUT",
      `${ENTITIES}/device/main///twin/a`,
      new Uint8Array([0x22, 0xff, 0x22]),
    );
    expect(status).toBe(400);
    expect(text).toStartWith("Request body didn't contain valid UTF-8: ");
  });

  test("that nest too deep answer 400 instead of exhausting the stack", async () => {
    expect(await api.answer("PUT", `${ENTITIES}/device/main///twin/a`, "[".repeat(500_000))).toEqual(
      error(400, "recursion limit exceeded at line 1 column 128"),
    );
  });
});
