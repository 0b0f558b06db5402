import { describe, expect, test } from "bun:test";
import { checkServiceAction, isAgent } from "../../../../src/operations/services/service-names.ts";

const WANTED = { action: "restart", service: "collectd", type: "service" };

describe("an action on a service", () => {
  test.each([
    {},
    { action: "Re_load-2" },
    { service: "getty@tty1.service" },
    { service: "_a.b-c@d" },
    { type: "container-group_2" },
    { action: "stop", service: "tedge-mapper-local" },
    { action: "stop", service: "tedge-agent-helper" },
    { action: "restart", service: "tedge-agent" },
    { action: "start", service: "tedge-mapper-c8y" },
  ])("is taken with %j", (change) => {
    const wanted = { ...WANTED, ...change };
    expect(checkServiceAction(wanted)).toEqual({ ok: true, value: wanted });
  });

  test.each([
    [{ action: "" }, 'Invalid action: ""'],
    [{ action: "-stop" }, 'Invalid action: "-stop"'],
    [{ action: "stop now" }, 'Invalid action: "stop now"'],
    [{ action: "stop;" }, 'Invalid action: "stop;"'],
    [{ service: "" }, 'Invalid service name: ""'],
    [{ service: "--now" }, 'Invalid service name: "--now"'],
    [{ service: "a/b" }, 'Invalid service name: "a/b"'],
    [{ service: "a\n" }, 'Invalid service name: "a\\n"'],
    [{ type: "../sh" }, 'Invalid service type: "../sh"'],
    [{ type: "Container" }, 'Invalid service type: "Container"'],
    [{ type: "-c" }, 'Invalid service type: "-c"'],
    [{ service: "x".repeat(201) }, `Invalid service name: "${"x".repeat(200)}"`],
  ])("is refused with %j", (change, message) => {
    expect(checkServiceAction({ ...WANTED, ...change })).toMatchObject({ fault: { code: "invalid-name", message } });
  });

  test.each([
    "tedge-agent",
    "tedge-agent.service",
    "tebus",
    "tedge-mapper-c8y",
    "tedge-mapper-az",
    "tedge-mapper-aws@site2",
    "tedge-mapper-c8y@a.b.service",
  ])("is refused when it would stop %s", (service) => {
    for (const action of ["stop", "STOP"]) {
      expect(checkServiceAction({ ...WANTED, action, service })).toMatchObject({ fault: { code: "refused" } });
    }
  });
});

test("the agent is known by its names", () => {
  expect(["tedge-agent", "tebus", "tedge-agent.service", "tedge-mapper-c8y", "x.tebus"].map(isAgent)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});
