import { describe, expect, test } from "bun:test";
import { MAIN_DEVICE, parseEntityId, serviceId } from "../../../../src/bus/entity-id.ts";
import { deviceScope, serviceScope } from "../../../../src/operations/command-scope.ts";
import { serviceNameOf } from "../../../../src/operations/service-name.ts";
import { reviewDefinition } from "../../../../src/operations/workflow/review-definition.ts";
import { parseWorkflowFile } from "../../../../src/operations/workflow/workflow-file.ts";

const definition = (type: string) => new TextEncoder().encode(`operation = "x"\n${type}\n[init]\naction = "proceed"\n`);

function parse(type: string) {
  const parsed = parseWorkflowFile("/x.toml", definition(type));
  return parsed.ok ? { type: parsed.value.type, mistake: parsed.value.mistake } : parsed.fault.message;
}

function entity(text: string) {
  const parsed = parseEntityId(text);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
}

describe("the type of a definition", () => {
  test.each(["device", "child-device", "service"])("can be %s", (type) => {
    expect(parse(`type = "${type}"`)).toMatchObject({ type, mistake: undefined });
    expect(reviewDefinition("/x.toml", definition(`type = "${type}"`)).problems).toEqual([]);
  });

  test("can be left out", () => {
    expect(parse("")).toEqual({ type: undefined, mistake: undefined });
  });

  test.each(['"sevice"', "1", "[]"])("cannot be %s", (type) => {
    const message = 'TOML parse error at line 2, column 8: type: expected "device", "child-device", "service"';
    expect(parse(`type = ${type}`)).toMatchObject({ mistake: expect.stringContaining(message) });
    const { problems } = reviewDefinition("/x.toml", definition(`type = ${type}`));
    expect(problems.map(({ severity }) => severity)).toEqual(["error"]);
  });

  test("is a state when it is a table, as it always was", () => {
    const parsed = parseWorkflowFile(
      "/x.toml",
      new TextEncoder().encode(
        'operation = "x"\n[init]\naction = "proceed"\non_success = "type"\n[type]\naction = "proceed"\n',
      ),
    );
    expect(parsed).toMatchObject({ ok: true, value: { operation: "x" } });
    if (parsed.ok)
      expect([parsed.value.mistake, parsed.value.type, parsed.value.states.has("type")]).toEqual([
        undefined,
        undefined,
        true,
      ]);
  });
});

describe("whom a definition is for", () => {
  const child = entity("device/child01//");

  test.each([
    ["the main device", deviceScope(MAIN_DEVICE), [undefined, "device"]],
    ["a child device", deviceScope(child), [undefined, "child-device"]],
    ["services", serviceScope(MAIN_DEVICE, serviceId(MAIN_DEVICE, "tedge-agent")), ["service"]],
  ] as const)("%s", (_whom, scope, expected) => {
    const types = [undefined, "device", "child-device", "service"] as const;
    expect(types.filter((type) => scope.accepts(type))).toEqual([...expected]);
  });

  test("services of other devices, and devices, are not the services of a device", () => {
    const scope = serviceScope(child, serviceId(child, "tedge-agent"));
    expect(scope.filter).toBe("device/child01/service/+");
    const ids = ["device/child01/service/a", "device/main/service/a", "device/child01//", "device/child01/service/"];
    expect(ids.map((id) => scope.includes(entity(id)))).toEqual([true, false, false, false]);
  });

  test("the name of a service is the last part of its id", () => {
    expect([entity("device/main/service/a"), entity("factory/one/service/b"), MAIN_DEVICE].map(serviceNameOf)).toEqual([
      "a",
      "b",
      undefined,
    ]);
  });
});
