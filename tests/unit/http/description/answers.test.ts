import { afterEach, beforeEach, expect, test } from "bun:test";
import { ENTITY_CONTRACTS } from "../../../../src/http/entities/entities.ts";
import { ENTITIES, type EntityApi, PUMP, startEntityApi } from "../entities/entity-api.ts";
import { publishedDocument, publishedOperations, schemaJudge } from "./published-schema.ts";

const ID = "device%2Fpump%2F%2F";
const NONE = "device%2Fnone%2F%2F";
const JSON_TYPE = { "content-type": "application/json" };
const LONG = `"${"x".repeat(1_048_576)}"`;
const OTHER = { "if-match": '"x"' };
const KNOWN = { "if-none-match": "*" };

type Example = readonly [
  status: number,
  request: string,
  body?: string | undefined,
  headers?: Readonly<Record<string, string>>,
];

/** For each operation a request for each answer that it may give. */
const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  listEntities: [
    [200, "GET "],
    [200, "GET ?root=device%2Fpump&type=child-device"],
    [304, "GET ", undefined, KNOWN],
    [400, "GET ?type=main"],
    [400, "GET ?type=device&type=device"],
    [412, "GET ", undefined, OTHER],
  ],
  registerEntity: [
    [201, "POST ", '{"@topic-id":"device/new","@type":"child-device","name":"N"}', JSON_TYPE],
    [400, "POST ", '{"@topic-id":"device/new","@type":"child-device","@parent":"device/none"}', JSON_TYPE],
    [400, "POST ", "{", JSON_TYPE],
    [409, "POST ", JSON.stringify(PUMP), JSON_TYPE],
    [413, "POST ", LONG, JSON_TYPE],
    [415, "POST ", "{}"],
    [422, "POST ", "{}", JSON_TYPE],
  ],
  getEntity: [
    [200, `GET /${ID}`],
    [304, `GET /${ID}`, undefined, KNOWN],
    [400, "GET /a%2Fb%2B"],
    [400, "GET /%ff"],
    [404, `GET /${NONE}`],
    [404, "GET /device"],
    [412, `GET /${ID}`, undefined, OTHER],
  ],
  changeEntity: [
    [200, `PATCH /${ID}`, '{"@health":"device/pump/service/s"}'],
    [400, `PATCH /${ID}`, '{"x":1}'],
    [404, `PATCH /${NONE}`, "{}"],
    [412, `PATCH /${ID}`, "{}", OTHER],
    [413, `PATCH /${ID}`, LONG],
  ],
  removeEntity: [
    [200, `DELETE /${ID}`],
    [204, `DELETE /${NONE}`],
    [400, "DELETE /device%2Fmain"],
    [404, "DELETE /device"],
    [412, `DELETE /${ID}`, undefined, OTHER],
  ],
  getTwin: [
    [200, `GET /${ID}/twin`],
    [304, `GET /${ID}/twin`, undefined, KNOWN],
    [400, "GET /a%2F%2B%2F%2F/twin"],
    [404, `GET /${NONE}/twin`],
    [412, `GET /${ID}/twin`, undefined, OTHER],
  ],
  replaceTwin: [
    [200, `PUT /${ID}/twin`, '{"a":1,"b":null}'],
    [400, `PUT /${ID}/twin`, '{"@a":1}'],
    [404, `PUT /${NONE}/twin`, "{}"],
    [412, `PUT /${ID}/twin`, "{}", OTHER],
    [413, `PUT /${ID}/twin`, LONG],
  ],
  removeTwin: [
    [204, `DELETE /${ID}/twin`],
    [400, "DELETE /a%2F%2B%2F%2F/twin"],
    [404, `DELETE /${NONE}/twin`],
    [412, `DELETE /${ID}/twin`, undefined, OTHER],
  ],
  getTwinFragment: [
    [200, `GET /${ID}/twin/a`],
    [304, `GET /${ID}/twin/a`, undefined, KNOWN],
    [400, `GET /${ID}/twin/a%2Fb`],
    [404, `GET /${ID}/twin/none`],
    [412, `GET /${ID}/twin/a`, undefined, OTHER],
  ],
  setTwinFragment: [
    [200, `PUT /${ID}/twin/a`, "2"],
    [200, `PUT /${ID}/twin/a`, "null"],
    [400, `PUT /${ID}/twin/%40a`, "2"],
    [404, `PUT /${NONE}/twin/a`, "2"],
    [412, `PUT /${ID}/twin/a`, "2", KNOWN],
    [413, `PUT /${ID}/twin/a`, LONG],
  ],
  removeTwinFragment: [
    [204, `DELETE /${ID}/twin/a`],
    [400, `DELETE /${ID}/twin/%40a`],
    [404, `DELETE /${NONE}/twin/a`],
    [412, `DELETE /${ID}/twin/a`, undefined, OTHER],
  ],
  getConfig: [
    [200, `GET /${ID}/config`],
    [304, `GET /${ID}/config`, undefined, KNOWN],
    [400, "GET /a%2F%2B%2F%2F/config"],
    [404, `GET /${NONE}/config`],
    [412, `GET /${ID}/config`, undefined, OTHER],
  ],
  getConfigValue: [
    [200, `GET /${ID}/config/k`],
    [304, `GET /${ID}/config/k`, undefined, KNOWN],
    [400, "GET /a%2F%2B%2F%2F/config/k"],
    [404, `GET /${ID}/config/none`],
    [412, `GET /${ID}/config/k`, undefined, OTHER],
  ],
};

const document = publishedDocument();
const operations = publishedOperations(document);
const judge = schemaJudge(document);
let api: EntityApi;

beforeEach(async () => {
  api = await startEntityApi();
  await api.post(PUMP);
  await api.post({ "@topic-id": "device/pump/service/s", "@type": "service" });
  await api.answer("PUT", `${ENTITIES}/device/pump///twin/a`, "1");
  await api.deliver("te/device/pump///config", '{"k":[1]}');
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const CASES = Object.entries(EXAMPLES).flatMap(([id, examples]) =>
  examples.map(([status, request, body, headers = {}]) => [id, status, request, body, headers] as const),
);

test.each(CASES)("%s answers %d as the document says: %s", async (...[id, status, request, body, headers]) => {
  const [method = "", path = ""] = request.split(" ");
  const response = await api.call(method, `${ENTITIES}${path}`, body, headers);
  const text = await response.text();
  expect([response.status, text]).toEqual([status, expect.any(String)]);
  const published = operations.get(id)?.responses[status];
  for (const [name, header] of Object.entries(published?.headers ?? {})) {
    const value = response.headers.get(name);
    if (value !== null || header.required) expect(judge(header.schema, value)).toBeUndefined();
  }
  const type = response.headers.get("content-type");
  if (type === null) {
    expect([text, published?.content]).toEqual(["", undefined]);
  } else {
    const schema = published?.content?.[type]?.schema ?? false;
    expect(judge(Object(schema), type === "application/json" ? JSON.parse(text) : text)).toBeUndefined();
  }
});

test("there is an example of each answer, but for those of a disk that fails", () => {
  for (const { id, answers } of ENTITY_CONTRACTS) {
    const seen = new Set((EXAMPLES[id] ?? []).map(([status]) => status));
    expect([id, [...seen].toSorted()]).toEqual([
      id,
      Object.keys(answers)
        .map(Number)
        .filter((status) => status !== 500),
    ]);
  }
});
