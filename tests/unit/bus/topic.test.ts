import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { entityIdOf, MAIN_DEVICE } from "../../../src/bus/entity-id.ts";
import { topicSchema } from "../../../src/bus/topic.ts";

const schema = topicSchema("te");

describe("a topic of the bus", () => {
  test("has a root, four segments and a channel", () => {
    expect(schema.parse("te/device/main///m/env")).toEqual({
      entity: MAIN_DEVICE,
      channel: { kind: "measurement", type: "env" },
    });
  });

  test.each(["te/plc", "te/plc/", "te/plc//", "te/plc///"])("may lack trailing segments: %s", (topic) => {
    expect(schema.parse(topic)).toEqual({ entity: entityIdOf(["plc"]), channel: { kind: "registration" } });
  });

  test("takes what looks like a channel among the first four segments as a segment", () => {
    expect(schema.parse("te/a/m/b/c")).toEqual({
      entity: entityIdOf(["a", "m", "b", "c"]),
      channel: { kind: "registration" },
    });
  });

  test.each(["te", "TE/device/main//", "tedge/device/main//", "te/errors", "te/device/main///m", "te/a/b/c/d/x/y/z/w"])(
    "is not %s",
    (topic) => {
      expect(schema.parse(topic)).toBeUndefined();
    },
  );

  test("is read back as it was written, whatever the root and the segments", () => {
    const segment = fc.stringMatching(/^[a-z0-9-]{0,6}$/);
    const root = fc.stringMatching(/^[a-z]{1,6}$/);
    fc.assert(
      fc.property(root, fc.array(segment, { minLength: 4, maxLength: 4 }), segment, (name, segments, type) => {
        const other = topicSchema(name);
        const entity = entityIdOf(segments);
        const channel = { kind: "event", type } as const;
        expect(other.parse(other.topic(entity, channel))).toEqual({ entity, channel });
      }),
    );
  });

  test("for rejected input is below the root", () => {
    expect(topicSchema("acme").errors).toBe("acme/errors");
  });
});
