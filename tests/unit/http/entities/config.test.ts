import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ENTITIES, type EntityApi, error, startEntityApi } from "./entity-api.ts";

let api: EntityApi;

beforeEach(async () => {
  api = await startEntityApi();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

describe("exposed configuration", () => {
  const CONFIG = `${ENTITIES}/device/main/service/tedge-agent/config`;

  beforeEach(async () => {
    await api.deliver("te/device/main/service/tedge-agent", '{"@type":"service"}');
    await api.deliver(
      "te/device/main/service/tedge-agent/config",
      '{"mqtt.client.port":4711,"device.id":"d","a":["x"]}',
    );
  });

  test("it is read whole, sorted, and by key", async () => {
    expect(await api.answer("GET", CONFIG)).toEqual([200, '{"a":["x"],"device.id":"d","mqtt.client.port":4711}']);
    expect(await api.answer("GET", `${CONFIG}/mqtt.client.port`)).toEqual([200, "4711"]);
    expect(await api.answer("GET", `${CONFIG}/a`)).toEqual([200, '["x"]']);
  });

  test("a message that is no object, or has a key that is none, keeps the old one; an empty one clears it", async () => {
    const topic = "te/device/main/service/tedge-agent/config";
    for (const payload of ["[]", "{x", '{"a":1,"@b":2}', '{"":1}', '{"a/b":1}']) await api.deliver(topic, payload);
    expect(await api.answer("GET", `${CONFIG}/device.id`)).toEqual([200, '"d"']);
    await api.deliver(topic, "");
    expect(await api.answer("GET", CONFIG)).toEqual([200, "{}"]);
  });

  test("a key that is not exposed is not found, nor is one that every object has", async () => {
    for (const key of ["none", "toString", "__proto__"]) {
      expect(await api.answer("GET", `${CONFIG}/${key}`)).toEqual(
        error(404, `Configuration value for entity: device/main/service/tedge-agent with key: ${key} not found`),
      );
    }
  });

  test("an entity without configuration has an empty one, an unknown entity is not found", async () => {
    expect(await api.answer("GET", `${ENTITIES}/device/main///config`)).toEqual([200, "{}"]);
    for (const path of ["config", "config/a"]) {
      expect(await api.answer("GET", `${ENTITIES}/device/none///${path}`)).toEqual(
        error(404, "The specified entity: device/none// does not exist in the entity store"),
      );
    }
  });
});
