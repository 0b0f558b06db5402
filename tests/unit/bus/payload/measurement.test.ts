import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { type MeasurementPayload, parseMeasurement } from "../../../../src/bus/payload/measurement.ts";
import { MEASUREMENT_SCHEMA } from "../../../../src/bus/payload/measurement-schema.ts";
import { ANY_RECORD, ANY_TEXT, withoutArrays } from "./any-payload.ts";

function read(text: string): MeasurementPayload {
  const parsed = parseMeasurement(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

/** The text behind `Not a thin-edge measurement: Invalid JSON: `. */
function rejection(text: string): string {
  const parsed = parseMeasurement(text);
  if (parsed.ok) throw new Error(`${text} was accepted`);
  expect(parsed.fault.code).toBe("invalid-measurement");
  const [, rest] = /^Not a thin-edge measurement: Invalid JSON: ([\s\S]*)$/.exec(parsed.fault.message) ?? [];
  return rest ?? "";
}

/** A rejection without its excerpt. */
function kernel(text: string): string {
  return rejection(text).replace(/: `[\s\S]*`$/, "");
}

function values(text: string): unknown {
  return [...read(text).values].map(([name, value]) => [name, typeof value === "number" ? value : [...value]]);
}

describe("a measurement", () => {
  test("has single values and groups in the order of the text", () => {
    const text = '{"temperature":25,"-coordinate":{"x":32.54,"y":-117.67,"z":1e2},"pressure":-98.0}';
    expect(values(text)).toEqual([
      ["temperature", 25],
      [
        "-coordinate",
        [
          ["x", 32.54],
          ["y", -117.67],
          ["z", 100],
        ],
      ],
      ["pressure", -98],
    ]);
    expect(read(text)).not.toContainAnyKeys(["time", "type", "properties"]);
  });

  test("may have a time, as text or as seconds", () => {
    expect(read('{"time":"2021-04-30T17:03:14.123+02:00","a":1}').time).toEqual({
      seconds: 1_619_794_994,
      nanoseconds: 123_000_000,
      offset: 120,
    });
    expect(read('{"a":1,"time":1701949168.001}').time).toEqual({
      seconds: 1_701_949_168,
      nanoseconds: 1_000_000,
      offset: 0,
    });
  });

  test("may have the time inside a group as an ordinary value", () => {
    expect(values('{"g":{"time":5,"properties":6}}')).toEqual([
      [
        "g",
        [
          ["time", 5],
          ["properties", 6],
        ],
      ],
    ]);
  });

  test("may have a type that overrides that of its topic, and then needs no value", () => {
    expect(read('{"type":"t"}')).toEqual({ values: new Map(), type: "t" });
    expect(read('{"type":""}').type).toBe("");
  });

  test("may have other texts, which are ignored and make it not empty", () => {
    expect(read('{"unit":"°C"}')).toEqual({ values: new Map() });
  });

  test("may have properties, spelled as received, unless they are no object", () => {
    const text = '{"a":1,"properties":{"id":9007199254740993,"v":2.0,"__proto__":{},"n":{"m":[null]}}}';
    expect(JSON.stringify(read(text).properties)).toBe(
      '{"id":9007199254740993,"v":2.0,"__proto__":{},"n":{"m":[null]}}',
    );
    for (const dropped of ["5", '"x"', "null", "[1]"]) {
      expect(read(`{"a":1,"properties":${dropped}}`).properties).toBeUndefined();
    }
  });

  test("may have any characters in its names", () => {
    const names = ["a.b", "a b", "back\\slash", "-x", "", "é😀", "__proto__", 'q"'];
    for (const name of names) expect(values(`{${JSON.stringify(name)}:1}`)).toEqual([[name, 1]]);
  });

  test("counts the last of two members with one name", () => {
    expect(values('{"a":1,"b":2,"a":{"x":1,"x":2}}')).toEqual([
      ["a", [["x", 2]]],
      ["b", 2],
    ]);
    expect(read('{"a":1,"type":"t","type":"u"}').type).toBe("u");
  });

  test("may be followed by anything", () => {
    expect(values('{"a":1} trailing {')).toEqual([["a", 1]]);
    expect(values('{"a":1}\0')).toEqual([["a", 1]]);
  });

  test("keeps integers as the float64 that is nearest, and underflow as zero", () => {
    expect(values('{"a":9007199254740993,"b":18446744073709551616,"c":1e-400,"d":-0}')).toEqual([
      ["a", 9007199254740992],
      ["b", 18446744073709552000],
      ["c", 0],
      ["d", -0],
    ]);
  });
});

describe("a measurement is rejected as a whole", () => {
  const MULTI = "expected ThinEdge single or multi-value measurement";
  const SINGLE = "expected ThinEdge single-value measurement";
  const TIME = "expected a date formatted as a unix timestamp (as an integer number of seconds) or an ISO-8601 string";
  const tooLarge = (name: string) =>
    `Number out-of-range: the "${name}" value is too large to be represented as a float64.`;
  const reserved = (name: string) => `Unexpected measurement name: "${name}" is a reserved word.`;
  test.each([
    ["{}", "Empty Thin Edge measurement: it must contain at least one measurement", 2],
    ['{"time":0}', "Empty Thin Edge measurement: it must contain at least one measurement", 10],
    ['{"properties":{"a":1} }', "Empty Thin Edge measurement: it must contain at least one measurement", 23],
    ['{"foo":{ }}', 'Empty Thin Edge measurement: "foo" must contain at least one measurement', 10],
    ['{"a\\"b":{}}', 'Empty Thin Edge measurement: "a\\"b" must contain at least one measurement', 10],
    ['{"g":{"a":"x"}}', "Unexpected type within a group", 13],
    ['{"g":{"type":"x"}}', "Unexpected type within a group", 16],
    ['{"type":5}', reserved("type"), 9],
    ['{"externalSource":5}', reserved("externalSource"), 19],
    ['{"externalSource":"x"}', reserved("externalSource"), 21],
    ['{"g":{"type":5}}', reserved("type"), 14],
    ['{"g":{"externalSource":5}}', reserved("externalSource"), 24],
    ['{"g":{"h":{"i":1}}}', "Expect single-value measurement", 11],
    ['{"g":{"h":{}}}', "Expect single-value measurement", 12],
    ['{"a":1e-310}', tooLarge("a"), 11],
    ['{"a\\n":-1e-310}', tooLarge("a\\n"), 14],
    ['{"g":{"a":2e-308}}', tooLarge("a"), 16],
    ['{"type":1e-310}', tooLarge("type"), 14],
    ['{"a":10e99999}', "number out of range", 13],
    ['{"a":-1e309,"b":2}', "number out of range", 11],
    ['{"a":1,"properties":[1e400]}', "number out of range", 26],
    ['{"a":true}', `invalid type: boolean \`true\`, ${MULTI}`, 9],
    ['{"a":false}', `invalid type: boolean \`false\`, ${MULTI}`, 10],
    ['{"a":null}', `invalid type: null, ${MULTI}`, 9],
    ['{"a":[50,60]}', `invalid type: sequence, ${MULTI}`, 6],
    ['{"a":[]}', `invalid type: sequence, ${MULTI}`, 7],
    ['{"g":{"a":true}}', `invalid type: boolean \`true\`, ${SINGLE}`, 14],
    ['{"g":{"a":null}}', `invalid type: null, ${SINGLE}`, 14],
    ['{"g":{"a":[1]}}', `invalid type: sequence, ${SINGLE}`, 11],
    ['{"time":null,"a":1}', `invalid type: null, ${TIME}`, 12],
    ['{"time":true,"a":1}', `invalid type: boolean \`true\`, ${TIME}`, 12],
    ['{"time":{"a":1},"a":1}', `invalid type: map, ${TIME}`, 9],
    ["[50,23]", "invalid type: sequence, expected ThinEdge JSON", 0],
    ["5", "invalid type: integer `5`, expected ThinEdge JSON", 1],
    ["2.50", "invalid type: floating point `2.5`, expected ThinEdge JSON", 4],
    ['"x"', 'invalid type: string "x", expected ThinEdge JSON', 3],
    ["null", "invalid type: null, expected ThinEdge JSON", 4],
    ["true", "invalid type: boolean `true`, expected ThinEdge JSON", 4],
    ["", "EOF while parsing a value", 0],
    ["text", "expected ident", 2],
    ['{"a":1', "EOF while parsing an object", 6],
    ['{"a":1,}', "trailing comma", 8],
    ['{"a":220;', "expected `,` or `}`", 9],
    ['{"é":nul', "EOF while parsing a value", 9],
  ])("%s: %s", (text, reason, column) => {
    expect(kernel(text)).toBe(`${reason} at line 1 column ${column}`);
  });

  test.each([
    [
      "253402300800",
      "Invalid unix timestamp (reading integer value in seconds): 253402300800; timestamp must be in the range -377705116800..=253402300799",
    ],
    [
      '"2013-06-22"',
      "Invalid ISO8601 timestamp (expected YYYY-MM-DDThh:mm:ss.sss.±hh:mm): \"2013-06-22\": the 'separator' component could not be parsed",
    ],
  ])("for the time %s", (time, reason) => {
    expect(kernel(`{"time":${time},"a":1}`)).toBe(`${reason} at line 1 column ${8 + time.length}`);
  });

  test("for the first thing that is wrong, although it is no JSON further on", () => {
    expect(kernel('{"a":true,"b":')).toContain("boolean `true`");
    expect(kernel('{"g":{"h":{"i":"no end')).toContain("Expect single-value measurement");
  });
});

describe("a rejection shows the text from where it is wrong", () => {
  test("over several lines", () => {
    expect(rejection('{\n  "time" : 5,\n  "temperature": true,\r\n  "pressure": 220\n}\n')).toBe(
      'invalid type: boolean `true`, expected ThinEdge single or multi-value measurement at line 3 column 21: `e,\n  "pressure": 220\n}\n`',
    );
    expect(rejection('{\n  "l": {\n    "area": {\n      "depth": 117.67\n    }\n  }\n}')).toBe(
      'Expect single-value measurement at line 4 column 6: ` "depth": 117.67\n    }\n  }\n}\n`',
    );
  });

  test("no more than 80 characters", () => {
    const excerpt = /: `([^`]*)`$/.exec(rejection(`{"a":[${'"é",'.repeat(200)}`))?.[1] ?? "";
    expect([...excerpt]).toHaveLength(80);
  });

  test("nothing at its end", () => {
    expect(rejection('{\n  "time" : 5,\n')).toBe("EOF while parsing a value at line 3 column 0: ``");
  });

  test("by columns in bytes that are taken for characters", () => {
    expect(rejection('{"é":true,"b":2}')).toEndWith('at line 1 column 10: `,"b":2}\n`');
  });
});

describe("the schema of measurements", () => {
  test("accepts what the parser accepts", () => {
    fc.assert(
      fc.property(ANY_RECORD, (text) => {
        expect(v.is(MEASUREMENT_SCHEMA, withoutArrays(text))).toBe(parseMeasurement(text).ok);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(["5", "null", '"x"', "{}", '{"a":{}}', '{"type":5}', '{"externalSource":"x"}', '{"g":{"type":1}}'])(
    "does not accept %s",
    (text) => {
      expect(v.is(MEASUREMENT_SCHEMA, JSON.parse(text))).toBe(false);
    },
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(ANY_TEXT, (text) => {
      const parsed = parseMeasurement(text);
      if (!parsed.ok) expect(parsed.fault.message).toMatch(/ at line \d+ column \d+: `[\s\S]*`$/);
    }),
    { numRuns: 1_000 },
  );
});
