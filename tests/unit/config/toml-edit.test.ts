import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isTomlTable, parseToml, type TomlTable } from "../../../src/base/toml.ts";
import { tomlKey, tomlText } from "../../../src/base/toml-text.ts";
import { moveTomlKey, removeTomlKey, setTomlValue, valueAt } from "../../../src/config/toml-edit.ts";

function path(key: string): string[] {
  return key.split(".");
}

function set(text: string, key: string, value: string | number | boolean | readonly string[]): string {
  const edited = setTomlValue(text, path(key), value);
  return edited.ok ? edited.value : `${edited.fault.code}: ${edited.fault.message}`;
}

function remove(text: string, key: string): string {
  const edited = removeTomlKey(text, path(key));
  return edited.ok ? edited.value : `${edited.fault.code}: ${edited.fault.message}`;
}

describe("setting a key", () => {
  test("that is there changes the value and nothing else", () => {
    expect(set("# a\n[m] # b\n  x  =  1   # c\n\n", "m.x", 2)).toBe("# a\n[m] # b\n  x  =  2   # c\n\n");
    expect(set('m.x = """\na\n""" # c', "m.x", "b")).toBe('m.x = "b" # c');
    expect(set("m = { x = 1, y.z = 2 } # c\n", "m.y.z", 3)).toBe("m = { x = 1, y.z = 3 } # c\n");
    expect(set("l.x = [ # one\n 'a', # a\n]\n", "l.x", ["a", "b"])).toBe('l.x = ["a", "b"]\n');
  });

  test("that is new puts it below its header, indented like its neighbours", () => {
    expect(set("[m]\n  x = 1 # c\n\n# about n\n[n]\n", "m.y", 2)).toBe("[m]\n  x = 1 # c\n  y = 2\n\n# about n\n[n]\n");
    expect(set("[m.b]\nx = 1\n", "m.b.c.y", 2)).toBe("[m.b]\nx = 1\nc.y = 2\n");
    expect(set("[m]\n# nothing yet\n[n]\n", "m.y", 2)).toBe("[m]\ny = 2\n# nothing yet\n[n]\n");
  });

  test("that is new puts it next to dotted keys of the same table", () => {
    expect(set("m.b.x = 1\nn.y = 2\n", "m.b.z", 3)).toBe("m.b.x = 1\nm.b.z = 3\nn.y = 2\n");
    expect(set("[m]\nb.x = 1\nq = 0\n", "m.b.z", 3)).toBe("[m]\nb.x = 1\nb.z = 3\nq = 0\n");
    expect(set("m.x = 1\n[m.b]\ny = 2\n", "m.b.z", 3)).toBe("m.x = 1\n[m.b]\ny = 2\nz = 3\n");
  });

  test("that is new puts it into the inline table that it belongs to", () => {
    expect(set("m = { x = 1 }\n", "m.b.y", 2)).toBe("m = { x = 1, b.y = 2 }\n");
    expect(set("m = {}\n", "m.y", 2)).toBe("m = { y = 2 }\n");
  });

  test("of a new table makes a header at the end, also where only its sub-tables are known", () => {
    expect(set("", "m.b.x", 1)).toBe("[m.b]\nx = 1\n");
    expect(set("a = 1", "m.x", 1)).toBe("a = 1\n\n[m]\nx = 1\n");
    expect(set("[m]\nx = 1\n[m.b.c]\ny = 1\n", "m.b.z", 2)).toBe("[m]\nx = 1\n[m.b.c]\ny = 1\n\n[m.b]\nz = 2\n");
  });

  test("at the top stands before the first header", () => {
    expect(set('cloud_type = "c8y"\n[b]\nx = 1\n', "url", "u")).toBe('cloud_type = "c8y"\nurl = "u"\n[b]\nx = 1\n');
    expect(set("[b]\nx = 1\n", "url", "u")).toBe('url = "u"\n[b]\nx = 1\n');
    expect(set("# only words\n", "url", "u")).toBe('# only words\nurl = "u"\n');
  });

  test("keeps the line ends of the file", () => {
    expect(set("[m]\r\nx = 1\r\n", "m.y", 2)).toBe("[m]\r\nx = 1\r\ny = 2\r\n");
    expect(set("a = 1\r\n", "m.y", 2)).toBe("a = 1\r\n\r\n[m]\r\ny = 2\r\n");
  });

  test("is refused, rather than harm done, where a value or an array of tables is in the way", () => {
    expect(set("m = 5\n", "m.x", 1)).toStartWith("cannot-edit: Cannot change 'm.x' where it stands");
    expect(set("[[m]]\nx = 1\n", "m.y", 1)).toStartWith("cannot-edit: ");
    expect(set("m = ", "m.y", 1)).toStartWith("invalid-toml: ");
  });
});

describe("removing a key", () => {
  test("takes its lines and leaves all others", () => {
    expect(remove("# a\n[m]\nx = 1 # c\n# about y\ny = [\n 1,\n]\n", "m.x")).toBe(
      "# a\n[m]\n# about y\ny = [\n 1,\n]\n",
    );
    expect(remove("[m]\ny = [\n 1,\n] # d\nx = 1\n", "m.y")).toBe("[m]\nx = 1\n");
  });

  test("takes the header that has nothing left below it, but not one with comments", () => {
    expect(remove("a = 1\n\n[m]\nx = 1\n\n[n]\ny = 1\n", "m.x")).toBe("a = 1\n\n[n]\ny = 1\n");
    expect(remove("a = 1\n\n[m]\nx = 1\n", "m.x")).toBe("a = 1\n");
    expect(remove("[m]\n# kept\nx = 1\n", "m.x")).toBe("[m]\n# kept\n");
    expect(remove("[m] # kept\nx = 1\n", "m.x")).toBe("[m] # kept\n");
  });

  test("takes members of inline tables with one comma", () => {
    expect(remove("m = { x = 1, y = 2, z = 3 }\n", "m.x")).toBe("m = { y = 2, z = 3 }\n");
    expect(remove("m = { x = 1, y = 2, z = 3 }\n", "m.y")).toBe("m = { x = 1, z = 3 }\n");
    expect(remove("m = { x = 1, y = 2, z = 3 }\n", "m.z")).toBe("m = { x = 1, y = 2 }\n");
    expect(remove("m = { x = 1 }\n", "m.x")).toBe("m = {  }\n");
  });

  test("that is a table takes all of it, wherever it is written", () => {
    const text = "c.x = 1\nd = 1\n\n[c.p]\ny = 1\n# inside\nz = 1\n\n# about e\n[e]\nc = 2\n\n[c.q.r]\nw = 1\n";
    expect(remove(text, "c")).toBe("d = 1\n\n# about e\n[e]\nc = 2\n");
  });

  test("that is not there changes nothing", () => {
    expect(remove("[m]\nx = 1\n", "m.y")).toBe("[m]\nx = 1\n");
  });
});

test("moving a key that is not there changes nothing", () => {
  expect(moveTomlKey("[m]\nx = 1\n", path("m.y"), path("m.z"))).toEqual({ ok: true, value: "[m]\nx = 1\n" });
});

/** Documents in many ways of writing, with comments and odd spacing. */
const name = fc.constantFrom("a", "b", "c", "d", "e f");
const scalar = fc.oneof(fc.constantFrom("x", "#", "[", '"', "ü\n"), fc.integer(), fc.boolean());
const comment = fc.constantFrom("", " # note", "\t#[a]=1");
const line = fc.oneof(
  fc.constantFrom("", "# words", "  ", "#x = 1"),
  fc
    .tuple(fc.array(name, { minLength: 1, maxLength: 3 }), scalar, comment, fc.constantFrom("", "  "))
    .map(([key, value, note, indent]) => `${indent}${tomlKey(key)} = ${tomlText(value)}${note}`),
  fc
    .tuple(name, fc.dictionary(name, scalar, { maxKeys: 3 }), comment)
    .map(([key, table, note]) => `${tomlKey([key])} = ${tomlText(table)}${note}`),
  fc
    .tuple(name, fc.array(scalar))
    .map(
      ([key, list]) => `${tomlKey([key])} = [ # list\n${list.map((one) => `  ${tomlText(one)}, # one\n`).join("")}]`,
    ),
  fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), comment).map(([key, note]) => `[${tomlKey(key)}]${note}`),
);
const document = fc
  .tuple(fc.array(line, { maxLength: 9 }), fc.constantFrom("\n", "\r\n"))
  .map(([lines, eol]) => lines.map((one) => one.replaceAll("\n", eol) + eol).join(""))
  .filter((text) => parseToml(text).ok);
const target = fc.array(name, { minLength: 1, maxLength: 4 });

function tableOf(text: string): TomlTable {
  const table = parseToml(text);
  if (!table.ok) throw new Error(table.fault.message);
  return table.value;
}

/** The lines of a text that are not among those of another, in order. */
function missingLines(text: string, other: string): string[] {
  const rest = other.split("\n");
  return text.split("\n").filter((one) => {
    const at = rest.indexOf(one);
    if (at !== -1) rest.splice(0, at + 1);
    return at === -1;
  });
}

/** Whether something that is no table stands where a table is needed. */
function isBlocked(table: TomlTable, key: readonly string[]): boolean {
  const above = key.slice(1).map((_, index) => valueAt(table, key.slice(0, index + 1)));
  return above.some((value) => value !== undefined && !isTomlTable(value));
}

test("whatever the document: a new key is there, every line that was there is there, byte by byte", () => {
  fc.assert(
    fc.property(document, target, scalar, (text, key, value) => {
      const before = tableOf(text);
      const edited = setTomlValue(text, key, value);
      fc.pre(!isTomlTable(valueAt(before, key)));
      expect(edited.ok).toBe(!isBlocked(before, key));
      if (!edited.ok) return;
      expect(valueAt(tableOf(edited.value), key)).toEqual(value);
      if (valueAt(before, key) !== undefined) return;
      const missing = missingLines(text, edited.value);
      const insideInline = missing.every((one) => one.includes("{"));
      expect(insideInline && missing.length <= 1).toBe(true);
    }),
    { numRuns: 150 },
  );
});

test("whatever the document: a key that is set and removed again leaves the text as it was", () => {
  fc.assert(
    fc.property(document, target, scalar, (text, key, value) => {
      const top = tableOf(text)[key[0] ?? ""];
      const edited = setTomlValue(text, key, value);
      fc.pre(edited.ok && top === undefined && text.endsWith("\n") && !text.endsWith("\n\n"));
      expect(edited.ok && removeTomlKey(edited.value, key)).toEqual({ ok: true, value: text });
    }),
    { numRuns: 60 },
  );
});

test("whatever the document: a removed key is gone, and only lines go", () => {
  fc.assert(
    fc.property(document, target, (text, key) => {
      fc.pre(valueAt(tableOf(text), key) !== undefined);
      const edited = removeTomlKey(text, key);
      expect(edited.ok && valueAt(tableOf(edited.value), key)).toBeUndefined();
      const added = missingLines(edited.ok ? edited.value : "", text);
      expect(added.every((one) => one.includes("{"))).toBe(true);
    }),
    { numRuns: 60 },
  );
});
