import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ENTITIES, type EntityApi, PUMP, startEntityApi } from "./entity-api.ts";

const TWIN = `${ENTITIES}/device/pump///twin`;
const FRAGMENT = `${TWIN}/a`;
const CONFIG = `${ENTITIES}/device/pump///config`;
const NOT_MET: [number, string] = [
  412,
  '{"error":"Precondition failed: the state is not what If-Match or If-None-Match asks for"}',
];

let api: EntityApi;

beforeEach(async () => {
  api = await startEntityApi();
  await api.post(PUMP);
  await api.answer("PUT", FRAGMENT, '{"x":1}');
  await api.deliver("te/device/pump///config", '{"k":1}');
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

async function tagOf(path: string): Promise<string> {
  const tag = (await api.call("GET", path)).headers.get("etag");
  expect(tag).toMatch(/^"[^"]+"$/);
  return tag ?? "";
}

describe("reading", () => {
  const PATHS = [ENTITIES, `${ENTITIES}/device/pump`, TWIN, FRAGMENT, CONFIG, `${CONFIG}/k`];

  test.each(PATHS)("%s gives a tag, and 304 to a client that has it", async (path) => {
    const etag = await tagOf(path);
    for (const method of ["GET", "HEAD"]) {
      for (const tags of [etag, `"x", W/${etag}`, "*"]) {
        const response = await api.call(method, path, undefined, { "if-none-match": tags });
        expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
      }
      const response = await api.call(method, path, undefined, { "if-none-match": '"x"' });
      expect([response.status, response.headers.get("etag")]).toEqual([200, etag]);
    }
    expect(await api.answer("GET", path, undefined, { "if-match": '"x"' })).toEqual(NOT_MET);
    expect((await api.call("GET", path, undefined, { "if-match": etag })).status).toBe(200);
  });

  test("what is not there is not found, whatever is expected of it", async () => {
    for (const path of [
      `${TWIN}/none`,
      `${ENTITIES}/device/none`,
      `${ENTITIES}/device/none///twin`,
      `${CONFIG}/none`,
    ]) {
      expect((await api.call("GET", path, undefined, { "if-match": '"x"' })).status).toBe(404);
      expect((await api.call("GET", path, undefined, { "if-none-match": "*" })).status).toBe(404);
    }
  });

  test("a tag belongs to a state: it changes with it and comes back with it", async () => {
    const [one, all] = [await tagOf(FRAGMENT), await tagOf(TWIN)];
    await api.deliver("te/device/pump///twin/a", '{"x":2}');
    expect([await tagOf(FRAGMENT), await tagOf(TWIN)]).not.toContain(one);
    expect(await tagOf(TWIN)).not.toBe(all);
    await api.answer("PUT", FRAGMENT, '{ "x" : 1 }');
    expect([await tagOf(FRAGMENT), await tagOf(TWIN)]).toEqual([one, all]);
  });
});

describe("changing twin data", () => {
  test("is done when the client knows what is there, and gives the next tag", async () => {
    for (const [path, body] of [
      [FRAGMENT, '{"y":1,"x":2}'],
      [TWIN, '{"a":1,"b":2}'],
    ] as const) {
      const response = await api.call("PUT", path, body, { "if-match": await tagOf(path) });
      expect([response.status, response.headers.get("etag")]).toEqual([200, await tagOf(path)]);
    }
    expect((await api.call("DELETE", FRAGMENT, undefined, { "if-match": await tagOf(FRAGMENT) })).status).toBe(204);
    expect((await api.call("DELETE", TWIN, undefined, { "if-match": await tagOf(TWIN) })).status).toBe(204);
    expect(await api.answer("GET", TWIN)).toEqual([200, "{}"]);
  });

  test("is refused when somebody else was faster, over HTTP or MQTT, and nothing is published", async () => {
    const [one, all] = [await tagOf(FRAGMENT), await tagOf(TWIN)];
    await api.deliver("te/device/pump///twin/a", "7");
    await api.twin.stop();
    const before = api.published.length;
    expect(await api.answer("PUT", FRAGMENT, "1", { "if-match": one })).toEqual(NOT_MET);
    expect(await api.answer("DELETE", FRAGMENT, undefined, { "if-match": one })).toEqual(NOT_MET);
    expect(await api.answer("PUT", TWIN, "{}", { "if-match": all })).toEqual(NOT_MET);
    expect(await api.answer("DELETE", TWIN, undefined, { "if-match": all })).toEqual(NOT_MET);
    await api.twin.stop();
    expect(api.published.length).toBe(before);
    expect(await api.answer("GET", FRAGMENT)).toEqual([200, "7"]);
  });

  test("If-None-Match: * creates, and never overwrites", async () => {
    const onlyNew = { "if-none-match": "*" };
    expect(await api.answer("PUT", FRAGMENT, "1", onlyNew)).toEqual(NOT_MET);
    expect(await api.answer("PUT", `${TWIN}/new`, "1", onlyNew)).toEqual([200, "1"]);
    expect(await api.answer("PUT", `${TWIN}/new`, "2", onlyNew)).toEqual(NOT_MET);
    expect(await api.answer("PUT", TWIN, "{}", onlyNew)).toEqual(NOT_MET);
    expect(await api.answer("GET", TWIN)).toEqual([200, '{"a":{"x":1},"new":1}']);
  });

  test("If-Match: * overwrites, and never creates", async () => {
    const onlyOld = { "if-match": "*" };
    expect(await api.answer("PUT", FRAGMENT, "1", onlyOld)).toEqual([200, "1"]);
    expect(await api.answer("PUT", `${TWIN}/new`, "1", onlyOld)).toEqual(NOT_MET);
    expect(await api.answer("DELETE", `${TWIN}/new`, undefined, onlyOld)).toEqual(NOT_MET);
  });

  test("of 20 clients that create the same fragment at once, one does", async () => {
    const put = (value: number) => api.answer("PUT", `${TWIN}/new`, `${value}`, { "if-none-match": "*" });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, value) => put(value)));
    const done = answers.filter(([status]) => status === 200);
    expect(done).toHaveLength(1);
    expect(await api.answer("GET", `${TWIN}/new`)).toEqual([200, done[0]?.[1] ?? ""]);
  });

  test("a fragment that goes away has no tag", async () => {
    const response = await api.call("PUT", FRAGMENT, "null");
    expect([response.status, response.headers.get("etag")]).toEqual([200, null]);
  });

  test("of an unknown entity is not found, bad JSON and bad keys are told first", async () => {
    const headers = { "if-match": '"x"' };
    for (const [method, path, status] of [
      ["PUT", `${ENTITIES}/device/none///twin/a`, 404],
      ["PUT", `${ENTITIES}/device/none///twin`, 404],
      ["DELETE", `${ENTITIES}/device/none///twin`, 404],
      ["DELETE", `${ENTITIES}/device/none///twin/a`, 404],
      ["PUT", `${TWIN}/@x`, 400],
      ["DELETE", `${TWIN}/@x`, 400],
    ] as const) {
      const body = method === "PUT" ? "{}" : undefined;
      expect((await api.call(method, path, body, headers)).status).toBe(status);
    }
    expect((await api.call("PUT", FRAGMENT, "{", headers)).status).toBe(400);
  });
});

describe("changing an entity", () => {
  const PATH = `${ENTITIES}/device/pump`;

  test("is done when the client knows what is there, and gives the next tag", async () => {
    await api.post({ "@topic-id": "device/hall", "@type": "child-device" });
    const patch = '{"@parent":"device/hall"}';
    const response = await api.call("PATCH", PATH, patch, { "if-match": await tagOf(PATH) });
    expect([response.status, response.headers.get("etag")]).toEqual([200, await tagOf(PATH)]);
    expect((await api.call("DELETE", PATH, undefined, { "if-match": await tagOf(PATH) })).status).toBe(200);
  });

  test("is refused when it has changed", async () => {
    const etag = await tagOf(PATH);
    await api.deliver("te/device/pump//", '{"@type":"child-device","@health":"device/pump/service/s"}');
    expect(await api.answer("PATCH", PATH, "{}", { "if-match": etag })).toEqual(NOT_MET);
    expect(await api.answer("DELETE", PATH, undefined, { "if-match": etag })).toEqual(NOT_MET);
    expect((await api.call("GET", PATH)).status).toBe(200);
  });

  test("that is unknown is not found, and its removal is refused", async () => {
    const headers = { "if-match": "*" };
    expect((await api.call("PATCH", `${ENTITIES}/device/none`, "{}", headers)).status).toBe(404);
    expect((await api.call("DELETE", `${ENTITIES}/device/none`, undefined, headers)).status).toBe(412);
  });
});
