import { describe, expect, test } from "bun:test";
import { defaultPluginFile, parsePluginFile } from "../../../../src/operations/configuration/plugin-file.ts";

const PATH = "/etc/tedge/plugins/tedge-configuration-plugin.toml";
const OWN = { path: PATH, type: "tedge-configuration-plugin", file: {}, parent: {} };

function parse(text: string) {
  const parsed = parsePluginFile(PATH, text);
  return parsed.ok ? parsed.value : parsed.fault.message;
}

describe("an entry of the plugin file", () => {
  test("needs a path only, which is its type then; the file itself is always there", () => {
    expect(parse("files = [ { path = '/etc/app.conf' } ]")).toEqual([
      OWN,
      { path: "/etc/app.conf", type: "/etc/app.conf", file: {}, parent: {} },
    ]);
    expect(parse("files = []")).toEqual([OWN]);
  });

  test("has everything that a new file, its directory and its service need", () => {
    const text = `files = [ { path = "/a", type = "t", user = "u", group = "g", mode = 0o640, parent_user = "pu",
      parent_group = "pg", parent_mode = 0o755, service = "s", service_action = "restart" } ]`;
    expect(parse(text)).toEqual([
      OWN,
      {
        path: "/a",
        type: "t",
        file: { user: "u", group: "g", mode: 0o640 },
        parent: { user: "pu", group: "pg", mode: 0o755 },
        service: "s",
      },
    ]);
  });

  test("makes its directory belong to the owner of the file unless it says otherwise", () => {
    const text = '[[files]]\npath = "/a"\nuser = "u"\ngroup = "g"\nparent_group = "pg"\nmode = 0o600\n';
    expect(parse(text)).toMatchObject([OWN, { parent: { user: "u", group: "pg" } }]);
  });

  test("may name a service without an action, which is restart", () => {
    expect(parse('[[files]]\npath = "/a"\nservice = "s"\n')).toMatchObject([OWN, { service: "s" }]);
  });
});

describe("the whole plugin file is refused", () => {
  const entry = (members: string) => `[[files]]\npath = "/ok"\n[[files]]\npath = "/a"\n${members}\n`;
  test.each([
    ["TOML that is none", "files = [", `The config file ${PATH} is malformed: TOML parse error at line 1, column`],
    ["no list of files", "", `The config file ${PATH} is malformed: files: `],
    ["an unknown key beside the list", "files = []\nother = 1\n", `The config file ${PATH} is malformed: other: `],
    ["an unknown key of an entry", entry("owner = 'x'"), `The config file ${PATH} is malformed: files.1.owner: `],
    ["an entry without a path", '[[files]]\ntype = "t"\n', `The config file ${PATH} is malformed: files.0.path: `],
    ["a mode that is text", entry('mode = "640"'), `The config file ${PATH} is malformed: files.1.mode: `],
    ["a mode that is no mode", entry("mode = 0o100000"), `The config file ${PATH} is malformed: files.1.mode: `],
    ["a type with +", entry('type = "a+b"'), "The config type 'a+b' contains the forbidden characters, '+' or '#'."],
    ["a path with # and no type", '[[files]]\npath = "/a#b"\n', "The config type '/a#b' contains the forbidden"],
    ["a type of two lines", entry('type = "a\\nb"'), 'The config type "a\\nb" is not on one line.'],
    ["a type that is there already", entry('type = "/ok"'), "The config file has the duplicated type '/ok'."],
    [
      "the type of the file itself",
      entry('type = "tedge-configuration-plugin"'),
      "The config file has the duplicated type 'tedge-configuration-plugin'.",
    ],
    [
      "another action",
      entry('service = "s"\nservice_action = "reload"'),
      "The service_action 'reload' is not supported. Valid actions are: restart",
    ],
    [
      "an action without a service",
      entry('type = "t"\nservice_action = "restart"'),
      "The service_action field requires a service field to be specified for config type 't'.",
    ],
  ])("for %s", (_what, text, message) => {
    expect(parse(text)).toStartWith(message);
  });
});

test("the file that is made at first lists the settings of tedge and of the log plugin", () => {
  const text = defaultPluginFile("/etc/tedge", { user: "tedge", group: "tedge" });
  expect(parse(text)).toEqual([
    OWN,
    { path: "/etc/tedge/tedge.toml", type: "tedge.toml", file: {}, parent: {} },
    {
      path: "/etc/tedge/plugins/tedge-log-plugin.toml",
      type: "tedge-log-plugin",
      file: { user: "tedge", group: "tedge", mode: 0o644 },
      parent: { user: "tedge", group: "tedge" },
    },
  ]);
  const odd = defaultPluginFile('/a "b"\\c', { user: "", group: "" });
  expect(parse(odd)).toMatchObject([OWN, { path: '/a "b"\\c/tedge.toml' }, { file: { mode: 0o644 } }]);
});
