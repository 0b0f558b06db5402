import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import fc from "fast-check";
import { readDocument } from "../../../../src/base/json-document.ts";
import { parseEntityId } from "../../../../src/bus/entity-id.ts";
import { isTwinKey } from "../../../../src/bus/payload/twin.ts";
import { readPatch, readRegistration } from "../../../../src/http/entities/entity-body.ts";
import { publishedDocument, publishedOperations, schemaJudge } from "./published-schema.ts";

const document = publishedDocument();
const operations = publishedOperations(document);
const judge = schemaJudge(document);

test.each([false, true])("the document is OpenAPI 3.1 (with tokens: %p)", async (needsToken) => {
  const checked = await new Validator().validate({ ...publishedDocument(needsToken) });
  expect(checked).toEqual({ valid: true });
});

test("operations have ids of their own, and each parameter of a path is described", () => {
  const all = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(operations.size).toBe(all.length);
  for (const [path, methods] of Object.entries(document.paths)) {
    const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
    for (const { parameters } of Object.values(methods)) {
      expect(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)).toEqual(names as never);
    }
  }
});

test("every operation says what is answered to foreign web pages", () => {
  for (const { responses } of operations.values()) {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["403", "421"]));
  }
});

test("where tokens are needed every operation says what is answered without one", () => {
  for (const { responses } of publishedOperations(publishedDocument(true)).values()) {
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(["401", "403"]));
  }
});

describe("what the document says about a body is what the route does", () => {
  const text = fc.oneof(
    fc.constantFrom("device/a", "a/b/c/d", "a/b/c/d/e", "a/+", "device", "service", ""),
    fc.string(),
  );
  const member = fc.oneof(text, fc.constant(null), fc.integer(), fc.jsonValue({ maxDepth: 1 }));
  const reserved = ["@topic-id", "@type", "@parent", "@id", "@health"] as const;
  const name = fc.oneof(fc.constantFrom(...reserved), fc.constantFrom("name", "toString", "constructor"), fc.string());
  const sound = fc.record(
    {
      "@topic-id": text,
      "@type": fc.constantFrom("device", "child-device", "service", "main"),
      "@parent": member,
      "@health": member,
    },
    { requiredKeys: [] },
  );
  const body = fc
    .tuple(fc.oneof(sound, fc.dictionary(name, member)), fc.boolean(), fc.jsonValue())
    .map(([object, isObject, other]) => JSON.stringify(isObject ? object : other));

  test.each([
    ["NewEntity", readRegistration],
    ["EntityPatch", readPatch],
  ] as const)("%s", (schema, read) => {
    fc.assert(
      fc.property(body, (json) => {
        const document_ = readDocument(json);
        fc.pre(document_.ok);
        if (!document_.ok) return;
        const published = judge({ $ref: `#/components/schemas/${schema}` }, JSON.parse(json)) === undefined;
        expect([json, read(document_.value).ok]).toEqual([json, published]);
      }),
      { numRuns: 500 },
    );
  });

  test("ids and keys", () => {
    fc.assert(
      fc.property(text, (id) => {
        expect(judge({ $ref: "#/components/schemas/EntityIdInput" }, id) === undefined).toBe(parseEntityId(id).ok);
        expect(judge({ $ref: "#/components/schemas/TwinData" }, { [id]: 1 }) === undefined).toBe(isTwinKey(id));
      }),
    );
  });
});
