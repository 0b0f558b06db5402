import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expectAtWork, startAgentAtWork } from "./world/agent-at-work.ts";

const REQUESTS = 2_500;
/** Bytes of private memory that the agent may have afterwards. */
const MOST_MEMORY = 128 * 1024 * 1024;

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly isJson: boolean;
  readonly statuses: readonly string[];
}

interface Schema {
  readonly enum?: readonly unknown[];
}

interface Sent {
  readonly target: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly parameters?: Operation["parameters"];
            readonly requestBody?: { readonly content?: Readonly<Record<string, unknown>> };
            readonly responses?: Readonly<Record<string, unknown>>;
          }
        >
      >
    >
  >;
}

/** Refusals that any route may answer before it looks at its own rules. */
const GENERAL = ["400", "404", "405", "413", "414", "415", "421", "431"];
const METHODS = ["get", "put", "post", "patch", "delete", "head", "options"];

function operationsOf({ paths }: OpenApi): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const { [method]: described } = methods;
      if (described === undefined) return [];
      const { parameters = [], requestBody, responses = {} } = described;
      const isJson = "application/json" in (requestBody?.content ?? {});
      return [{ path, method, parameters, isJson, statuses: Object.keys(responses) }];
    }),
  );
}

const id = fc.constantFrom("device/main//", "device/a//", "device/b//", "device/a/service/s", "a/b/c/d", "x", "///");
const word = fc.oneof(
  id,
  fc.constantFrom(
    "name",
    "@x",
    "",
    "%00",
    "%ff",
    "..",
    "%2e%2e%2f%2e%2e%2fetc",
    "a%2Fb",
    "+",
    "#",
    "a?b",
    "%",
    "é",
    "😀",
  ),
  fc.string({ maxLength: 12, unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const tag = fc.constantFrom("*", '"x"', 'W/"x"', "x", "", '"', ", ,");
const header = fc.record(
  {
    "if-match": tag,
    "if-none-match": tag,
    "if-range": tag,
    range: fc.constantFrom("bytes=0-1", "bytes=-5", "bytes=9-1", "bytes=x", "bytes=0-1,3-4", "items=1"),
    "content-type": fc.constantFrom(
      "application/json",
      "text/plain",
      "application/partial-upload",
      "x",
      "multipart/form-data",
    ),
    "upload-complete": fc.constantFrom("?0", "?1", "1", ""),
    "upload-offset": fc.constantFrom("0", "3", "-1", "99999999999999999999", "x"),
    "upload-length": fc.constantFrom("0", "3", "x"),
    "last-event-id": fc.constantFrom("1-1", "", "x", "zz-99999999999"),
    accept: fc.constantFrom("*/*", "text/event-stream", "x"),
    authorization: fc.constantFrom("Bearer x", "Basic eDp5", "Bearer", ""),
  },
  { requiredKeys: [] },
);
const topicId = fc.oneof(id, fc.jsonValue());
const json = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      "@topic-id": topicId,
      "@type": fc.oneof(fc.constantFrom("device", "child-device", "service"), fc.jsonValue()),
      "@parent": topicId,
      "@health": topicId,
      "@id": fc.oneof(fc.constantFrom("a", "b", "a/b"), fc.jsonValue()),
      name: fc.jsonValue(),
      "a/b": fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);
const encode = (text: string) => new TextEncoder().encode(text);
const body = fc.oneof(
  { weight: 3, arbitrary: json.map((value) => encode(JSON.stringify(value))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(encode("{"), encode("["), encode("[".repeat(3_000)), encode("1e999")) },
);

function requestOf(operation: Operation): fc.Arbitrary<Sent> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
  const inQuery = operation.parameters.filter((parameter) => parameter.in === "query");
  const isPlain = operation.method === "get" || operation.method === "head";
  return fc
    .record({
      path: fc.tuple(...inPath.map(() => word)),
      query: fc.tuple(
        ...inQuery.map(({ schema }) => fc.option(fc.oneof(word, fc.constantFrom(...(schema?.enum ?? ["x"]))))),
      ),
      tail: fc.constantFrom("", "", "", "", "/", "/x", "//", "?", "?a=1&a=2", "?type=x&type=y"),
      headers: header,
      body: isPlain ? fc.constant(undefined) : fc.option(body, { nil: undefined }),
      method: fc.oneof(
        { weight: 19, arbitrary: fc.constant(operation.method) },
        { weight: 1, arbitrary: fc.constantFrom("put", "post", "patch", "delete", "options") },
      ),
    })
    .map(({ path, query, tail, headers, body: content, method }) => {
      const target = inPath.reduce(
        (filled, { name }, index) => filled.replace(`{${name}}`, () => path[index] ?? ""),
        operation.path,
      );
      const asked = inQuery.flatMap(({ name }, index) =>
        query[index] == null ? [] : [`${name}=${String(query[index])}`],
      );
      const type = operation.isJson && !("content-type" in headers) ? { "content-type": "application/json" } : {};
      return {
        target: `${target}${tail}${asked.length > 0 ? `${tail.includes("?") ? "&" : "?"}${asked.join("&")}` : ""}`,
        method: method.toUpperCase(),
        headers: { ...type, ...headers },
        ...(content === undefined ? {} : { body: content }),
      };
    });
}

/** Status of the answer; what it brings is read and thrown away, an endless stream is left. */
async function statusOf(url: string, { target, method, headers, body: content }: Sent): Promise<number> {
  const leave = new AbortController();
  const answer = await fetch(`${url}${target}`, {
    method,
    headers,
    ...(content === undefined || method === "GET" || method === "HEAD" ? {} : { body: content }),
    redirect: "manual",
    signal: AbortSignal.any([leave.signal, AbortSignal.timeout(10_000)]),
  });
  const type = answer.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream")) leave.abort();
  else if (type === "application/json" && method !== "HEAD") JSON.parse((await answer.text()) || "null");
  else await answer.arrayBuffer();
  return answer.status;
}

function privateMemory(pid: number): number {
  const [, kilobytes = ""] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

test("whatever is asked on whatever route, the answer is one that the description of the API tells, and never a failure of the server", async () => {
  const seed = Date.now() % 2 ** 31;
  await using at = await startAgentAtWork();
  const described: OpenApi = JSON.parse(await (await fetch(`${at.url}/te/v1/openapi.json`)).text());
  const operations = operationsOf(described);
  expect(operations.length).toBeGreaterThan(15);
  for (const [index, operation] of operations.entries()) {
    const numRuns = Math.ceil(REQUESTS / operations.length);
    for (const sent of fc.sample(requestOf(operation), { seed: seed + index, numRuns })) {
      const status = String(await statusOf(at.url, sent));
      const isTold =
        sent.method.toLowerCase() !== operation.method || [...operation.statuses, ...GENERAL].includes(status);
      if (status.startsWith("5") || !isTold) {
        const text = sent.body === undefined ? "" : new TextDecoder().decode(sent.body);
        throw new Error(
          `Seed ${seed}: ${sent.method} ${sent.target} ${JSON.stringify(sent.headers)} ${text}: ${status}, told: ${operation.statuses.join()}`,
        );
      }
    }
  }
  await expectAtWork(at);
  expect(privateMemory(at.agent.pid)).toBeLessThan(MOST_MEMORY);
  expect(await at.agent.stop()).toBe(0);
});
