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

describe("twin data", () => {
  const TWIN = `${ENTITIES}/device/pump///twin`;

  beforeEach(async () => void (await api.post(PUMP)));

  test("a fragment is set, read and removed", async () => {
    expect(await api.answer("PUT", `${TWIN}/a.b`, '{ "z" : 1, "a" : [ true, null ] }')).toEqual([
      200,
      '{"a":[true,null],"z":1}',
    ]);
    expect(await api.answer("GET", `${TWIN}/a.b`)).toEqual([200, '{"a":[true,null],"z":1}']);
    expect(await api.answer("DELETE", `${TWIN}/a.b`)).toEqual([204, ""]);
    expect(await api.answer("DELETE", `${TWIN}/a.b`)).toEqual([204, ""]);
    expect(await api.answer("GET", `${TWIN}/a.b`)).toEqual(
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
      expect(await api.answer("PUT", `${TWIN}/n`, text)).toEqual([200, text]);
      expect(await api.answer("GET", `${TWIN}/n`)).toEqual([200, text]);
    }
  });

  test("null removes a fragment and is echoed", async () => {
    await api.answer("PUT", `${TWIN}/a`, "1");
    expect(await api.answer("PUT", `${TWIN}/a`, "null")).toEqual([200, "null"]);
    expect(await api.answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test("the whole is replaced, read sorted, and removed", async () => {
    await api.answer("PUT", `${TWIN}/old`, "1");
    expect((await api.answer("PUT", TWIN, '{"z":1,"a":{"y":1,"b":2}}'))[0]).toBe(200);
    for (const path of [TWIN, `${TWIN}/`])
      expect(await api.answer("GET", path)).toEqual([200, '{"a":{"b":2,"y":1},"z":1}']);
    expect(await api.answer("DELETE", TWIN)).toEqual([204, ""]);
    expect(await api.answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test.each([
    ["", "EOF while parsing a value at line 1 column 0"],
    ['{"a":1e400}', "number out of range at line 1 column 10"],
    ['{"a":"\\ud800"}', "unexpected end of hex escape at line 1 column 13"],
    ['{"a":1} x', "trailing characters at line 1 column 9"],
    ["true", "invalid type: boolean `true`, expected a map at line 1 column 4"],
    ["[1]", "invalid type: sequence, expected a map at line 1 column 0"],
  ])("the whole refuses %j, also before it looks for the entity", async (body, text) => {
    for (const path of [TWIN, `${ENTITIES}/device/none///twin`]) {
      expect(await api.answer("PUT", path, body)).toEqual(error(400, text));
    }
  });

  test("what is new or different is told to the bus, what goes away first, what is the same not", async () => {
    const told = async (method: string, path: string, body?: string) => {
      const before = api.published.length;
      expect((await api.call(method, path, body)).ok).toBe(true);
      await api.twin.stop();
      return api.published.slice(before).map((message) => {
        expect(message).toMatchObject({ qos: 1, retain: true });
        return `${message.topic.replace("te/device/pump///twin/", "")} ${payloadText(message)}`;
      });
    };
    expect(await told("PUT", `${TWIN}/a`, '{ "b": 2.0, "z": 1 }')).toEqual(['a {"b":2.0,"z":1}']);
    expect(await told("PUT", `${TWIN}/a`, '{"b":2.0,"z":1}')).toEqual([]);
    expect(await told("PUT", `${TWIN}/b`, "1")).toEqual(["b 1"]);
    expect(await told("PUT", TWIN, '{"c":1,"b":1}')).toEqual(["a ", "c 1"]);
    expect(await told("PUT", `${TWIN}/c`, "null")).toEqual(["c "]);
    expect(await told("DELETE", `${TWIN}/c`)).toEqual([]);
    expect(await told("DELETE", TWIN)).toEqual(["b "]);
  });

  test("null members of the whole are absent", async () => {
    await api.answer("PUT", `${TWIN}/a`, "1");
    expect(await api.answer("PUT", TWIN, '{"a":null,"b":2}')).toEqual([200, '{"b":2}']);
    expect(await api.answer("GET", TWIN)).toEqual([200, '{"b":2}']);
  });

  test("names that every object has are keys like others", async () => {
    const text = '{"__proto__":1,"constructor":2,"toString":3}';
    expect(await api.answer("PUT", TWIN, text)).toEqual([200, text]);
    expect(await api.answer("GET", TWIN)).toEqual([200, text]);
    expect(await api.answer("GET", `${TWIN}/constructor`)).toEqual([200, "2"]);
    expect((await api.answer("GET", `${TWIN}/valueOf`))[0]).toBe(404);
  });

  test("messages of the bus set and remove; one that is no JSON changes nothing", async () => {
    await api.deliver("te/device/pump///twin/a", '{"x":1}');
    expect(await api.answer("GET", `${TWIN}/a`)).toEqual([200, '{"x":1}']);
    await api.deliver("te/device/pump///twin/a", "{x");
    expect(await api.answer("GET", `${TWIN}/a`)).toEqual([200, '{"x":1}']);
    await api.deliver("te/device/pump///twin/a", "");
    expect((await api.answer("GET", `${TWIN}/a`))[0]).toBe(404);
  });

  test("a key that is not allowed answers 400 before the entity is looked for", async () => {
    for (const [path, key] of [
      ["%40x", "@x"],
      ["a+b", "a+b"],
      ["a%23", "a#"],
      ["a%08", "a\b"],
      ["%EF%BF%BF", "\uffff"],
      ["x".repeat(4_097), "x".repeat(4_097)],
    ]) {
      const text = `Invalid twin key: '${key}'. Keys that are empty, containing '/' or starting with '@' are not allowed`;
      for (const entity of ["device/pump", "device/none"]) {
        expect(await api.answer("PUT", `${ENTITIES}/${entity}///twin/${path}`, "1")).toEqual(error(400, text));
        expect(await api.answer("DELETE", `${ENTITIES}/${entity}///twin/${path}`)).toEqual(error(400, text));
      }
    }
    expect((await api.answer("PUT", TWIN, '{"ok":1,"@x":1}'))[0]).toBe(400);
    expect(await api.answer("GET", TWIN)).toEqual([200, "{}"]);
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
      expect(await api.answer(method, `${ENTITIES}/device/none///${path}`, body)).toEqual(error(404, text));
    }
    expect(await api.answer("GET", `${ENTITIES}/device/none///twin/a`)).toEqual(
      error(404, "Entity twin data for entity: device/none// with fragment key: a not found"),
    );
  });
});
