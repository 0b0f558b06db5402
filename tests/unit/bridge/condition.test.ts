// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rule files spell references like that
import { describe, expect, test } from "bun:test";
import { evaluateCondition } from "../../../src/bridge/condition.ts";
import { referencesTo } from "./references.ts";

const references = referencesTo({
  tedge: { "mqtt.bridge.built_in": "true", "c8y.smartrest.use_operation_id": "false", "device.id": "gw7" },
  mapper: { on: true, off: false, text: "true", name: "gw7" },
  authMethod: "password",
});

describe("a condition", () => {
  test.each([
    ["${tedge.mqtt.bridge.built_in}", true],
    ["!${tedge.mqtt.bridge.built_in}", false],
    ["${tedge.c8y.smartrest.use_operation_id}", false],
    ["${mapper.on}", true],
    ["!${mapper.off}", true],
    ["${mapper.text}", true],
    ["  !  ${mapper.on}  ", false],
    ["${connection.auth_method} == 'password'", true],
    ["${connection.auth_method}=='certificate'", false],
    ["  ${connection.auth_method}  ==\t'password' ", true],
  ])("%p is %p", (text, value) => {
    expect(evaluateCondition(text, references)).toEqual({ ok: true, value });
  });

  test.each([
    ["${connection.auth_method} = 'password'", "found '=' expected '=='"],
    ["${connection.auth_method} != 'password'", "found '!=' expected '=='"],
    ["${connection.auth_method}", "found end of input expected '=='"],
    ["${connection.auth_method} == 'basic'", "expected 'certificate' or 'password', got 'basic'"],
    ['${connection.auth_method} == "password"', "found '\"' expected a value in single quotes"],
    ["${connection.auth_method} == 'password", "found end of input expected closing '''"],
    ["${connection.auth_method} == 'password' && ${mapper.on}", "found '&&' expected end of input"],
    ["!${connection.auth_method} == 'password'", "found 'connection.auth_method' expected"],
    ["${mapper.on} && ${mapper.off}", "found '&&' expected end of input"],
    ["${mapper.on} || ${mapper.off}", "found '||' expected end of input"],
    ["${mapper.on} == true", "found '==' expected end of input"],
    ["", "found end of input expected '${' or '!'"],
    ["true", "found 'true' expected '${' or '!'"],
    ["!!${mapper.on}", "found '!' expected '${'"],
    ["${mapper.on", "found end of input expected closing '}'"],
    ["${mapper. on}", "Invalid character in variable: ' '"],
    ["${item}", "found 'item' expected"],
    ["${c8y.url}", "'connection.auth_method'"],
    ["${mapper.unknown}", "Unknown mapper config key 'unknown'"],
    ["${mapper.name}", "Mapper config key 'name' is not a boolean"],
    ["${tedge.device.id}", "Config key 'device.id' is not a boolean"],
  ])("%p is refused: %s", (text, message) => {
    expect(evaluateCondition(text, references)).toMatchObject({
      ok: false,
      fault: { message: expect.stringContaining(message) },
    });
  });

  test("that is no boolean says which values are", () => {
    expect(evaluateCondition("${mapper.name}", references)).toMatchObject({
      fault: { note: "Use 'true' or 'false' values for condition checks" },
    });
  });
});
