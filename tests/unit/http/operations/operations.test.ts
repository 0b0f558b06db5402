import { expect, test } from "bun:test";
import { operationRoutes } from "../../../../src/http/operations/operations.ts";
import type { CommandRecord } from "../../../../src/operations/history/command-record.ts";
import type { HistoryQuery } from "../../../../src/operations/history/history.ts";

const RECORD: CommandRecord = {
  topic: "te/device/main///cmd/ping/1",
  device: "device/main//",
  operation: "ping",
  id: "1",
  status: "init",
  states: [{ status: "init", since: 5 }],
  payload: { status: "init" },
};

async function ask(path: string, found: readonly CommandRecord[] = [RECORD], init: RequestInit = {}) {
  const asked: HistoryQuery[] = [];
  const routes = operationRoutes({
    list(query) {
      asked.push(query);
      return found;
    },
  });
  const response = await routes.fetch(new Request(`http://localhost/te/v1/operations${path}`, init));
  const text = await response.text();
  return {
    asked,
    status: response.status,
    body: text === "" ? undefined : JSON.parse(text),
    headers: response.headers,
  };
}

test("the list is what the history has, chosen by the query", async () => {
  const { asked, status, body } = await ask("?device=device/main&operation=ping&status=init&since=5&limit=2&x=y");
  expect(asked).toEqual([{ device: "device/main//", operation: "ping", status: "init", since: 5, limit: 2 }]);
  expect([status, body]).toEqual([200, [RECORD]]);
});

test("one command is found by its operation and id, and its device if that is told", async () => {
  const { asked, status, body } = await ask("/ping/1?device=device/main");
  expect(asked).toEqual([{ operation: "ping", id: "1", device: "device/main//", limit: 1 }]);
  expect([status, body]).toEqual([200, RECORD]);
});

test.each(["/ping/2", "/ping", "/ping/1/2"])("%s is not found when the history has no such command", async (path) => {
  expect((await ask(path, [])).status).toBe(404);
});

test.each(["?limit=-1", "?since=yesterday", "?device=a/b/c/d/e"])("the query %s makes no sense", async (query) => {
  const { status, body } = await ask(query);
  expect([status, typeof body.error]).toEqual([400, "string"]);
});

test("a list that the client has already is not sent again", async () => {
  const tag = (await ask("")).headers.get("etag") ?? "";
  expect((await ask("", [RECORD], { headers: { "if-none-match": tag } })).status).toBe(304);
});

test("commands can only be read here", async () => {
  const { status, headers } = await ask("", [], { method: "DELETE" });
  expect([status, headers.get("allow")]).toEqual([405, "GET,HEAD"]);
});
