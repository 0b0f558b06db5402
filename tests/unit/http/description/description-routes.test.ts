import { beforeEach, describe, expect, test } from "bun:test";
import { descriptionRoutes } from "../../../../src/http/description/description-routes.ts";
import { type HttpApp, routedApp } from "../../../../src/http/routed-app.ts";
import { recordedLog } from "../recorded-log.ts";

const BUS = { root: "te", broker: { host: "127.0.0.1", port: 1883, isEncrypted: false } };
const PATHS = ["/te/v1/openapi.json", "/te/v1/asyncapi.json"];

let app: HttpApp;

beforeEach(() => {
  app = routedApp(recordedLog(), descriptionRoutes({ bus: BUS, needsToken: false }));
});

function call(method: string, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return app(new Request(`http://127.0.0.1:8000${path}`, { method, headers }));
}

describe.each(PATHS)("%s", (path) => {
  test("is JSON, the same each time", async () => {
    const [once, again] = [await call("GET", path), await call("GET", path)];
    expect([once.status, once.headers.get("content-type")]).toEqual([200, "application/json"]);
    const text = await once.text();
    expect(JSON.parse(text)).toMatchObject({ info: { title: "tebus" } });
    expect([await again.text(), again.headers.get("etag")]).toEqual([text, once.headers.get("etag")]);
  });

  test("is not sent to a client that has it", async () => {
    const etag = (await call("GET", path)).headers.get("etag") ?? "";
    const response = await call("GET", path, { "if-none-match": etag });
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await call("GET", path, { "if-match": '"x"' })).status).toBe(412);
  });

  test("can be asked with HEAD and with no other method", async () => {
    const head = await call("HEAD", path);
    expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([
      200,
      "",
      (await call("GET", path)).headers.get("etag"),
    ]);
    for (const method of ["PUT", "POST", "DELETE", "OPTIONS"]) {
      const response = await call(method, path);
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET,HEAD"]);
    }
  });
});
