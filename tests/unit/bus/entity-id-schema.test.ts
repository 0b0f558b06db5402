import { expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { ENTITY_ID_PATTERN, parseEntityId } from "../../../src/bus/entity-id.ts";
import { ENTITY_ID_SCHEMA } from "../../../src/bus/entity-id-schema.ts";

const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom("/", "a", "+", "#", "\0", "\n", "é") }));

test("the schema says what the parser says", () => {
  fc.assert(
    fc.property(text, (id) => {
      const parsed = parseEntityId(id);
      const read = v.safeParse(ENTITY_ID_SCHEMA, id);
      expect(read.success ? read.output : read.issues[0].message).toBe(parsed.ok ? parsed.value : parsed.fault.message);
    }),
  );
});

test("the pattern that is published is true of what is taken, and of it only", () => {
  fc.assert(
    fc.property(text, (id) => {
      expect(parseEntityId(id).ok).toBe(new RegExp(ENTITY_ID_PATTERN.source).test(id));
    }),
  );
});
