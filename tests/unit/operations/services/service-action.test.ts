import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../../src/base/clock.ts";
import { exec } from "../../../../src/base/exec.ts";
import { createSudo } from "../../../../src/base/sudo.ts";
import { MAIN_DEVICE, serviceId } from "../../../../src/bus/entity-id.ts";
import { retained } from "../../../../src/bus/message.ts";
import { serviceScope } from "../../../../src/operations/command-scope.ts";
import { SERVICE_ACTIONS, serviceAction } from "../../../../src/operations/services/service-action.ts";
import { Device } from "../a-device.ts";

let device: Device;
let tedge: string;

beforeEach(async () => {
  device = new Device();
  device.scope = serviceScope(MAIN_DEVICE, serviceId(MAIN_DEVICE, "tedge-agent"));
  tedge = join(device.root, "tedge");
  await program("true");
  const options = {
    tedge: [tedge, "--config-dir", "/etc/other"] as const,
    sudo: createSudo({ enabled: false, path: "" }),
    exec,
    clock: systemClock,
    restartAgent: () => {
      device.restartRequests += 1;
    },
  };
  device.builtins = SERVICE_ACTIONS.map((action) => serviceAction(action, options));
});

afterEach(() => device.dispose());

async function program(script: string): Promise<void> {
  await writeFile(tedge, `#!/bin/sh\necho "$*" >> "${tedge}.calls"\n${script}\n`);
  await chmod(tedge, 0o755);
}

const calls = () => readFile(`${tedge}.calls`, "utf8").catch(() => "");
const topicOf = (service: string, action: string, id = "1") => `te/device/main/service/${service}/cmd/${action}/${id}`;

/** The states that were published on a topic. */
const states = (topic: string) =>
  device.messages.flatMap((message) =>
    message.topic === topic && message.text !== "" ? [JSON.parse(message.text)] : [],
  );

async function request(service: string, action: string, members: Record<string, unknown> = {}, id = "1") {
  const topic = topicOf(service, action, id);
  await device.publish(retained(topic, JSON.stringify({ status: "init", ...members })));
  await device.until(() => /successful|failed/.test(states(topic).at(-1)?.status));
  return states(topic).at(-1);
}

describe("a command of a service", () => {
  test.each([...SERVICE_ACTIONS])(
    "%s is done by tedge service, with the states of a built-in operation",
    async (action) => {
      await device.start();
      const members = { action, serviceName: "collectd", serviceType: "container-group" };
      expect(await request("collectd", action, members)).toMatchObject({ status: "successful", ...members });
      expect(states(topicOf("collectd", action)).map(({ status }) => status)).toEqual([
        "init",
        "scheduled",
        "executing",
        "successful",
      ]);
      expect(await calls()).toBe(`--config-dir /etc/other service ${action} collectd --service-type container-group\n`);
    },
  );

  test("needs nothing but its topic", async () => {
    await device.start();
    expect(await request("getty@tty1", "start")).toMatchObject({ status: "successful" });
    expect(await calls()).toBe("--config-dir /etc/other service start getty@tty1 --service-type service\n");
  });

  test("fails with what tedge service says", async () => {
    await program("echo 'Error: no such unit' >&2; exit 1");
    await device.start();
    expect(await request("collectd", "start")).toMatchObject({ status: "failed", reason: "no such unit" });
  });

  test.each([
    [
      "collectd",
      "stop",
      { serviceName: "tedge-agent" },
      /^Invalid request: serviceName is "tedge-agent", but the topic is about "collectd"$/,
    ],
    ["collectd", "stop", { action: "start" }, /^Invalid request: action is "start", but the topic is about "stop"$/],
    ["collectd", "stop", { serviceType: "../x" }, /^Invalid service type: /],
    ["collectd", "stop", { serviceType: 1 }, /^Invalid request: serviceType must be a text$/],
    ["--now", "stop", {}, /^Invalid service name: "--now"$/],
    ["a b", "stop", {}, /^Invalid service name: "a b"$/],
    ["tedge-agent", "stop", {}, /^Refusing to stop tedge-agent: /],
    ["tedge-mapper-c8y@x", "stop", {}, /^Refusing to stop tedge-mapper-c8y@x: /],
  ])("of %s to %s with %j is refused, and nothing is run", async (service, action, members, reason) => {
    await device.start();
    const end = await request(service, action, members);
    expect(end.status).toBe("failed");
    expect(end.reason).toMatch(reason);
    expect(await calls()).toBe("");
  });

  test("waits for the one before on the same service, not for those of others", async () => {
    await program(`[ "$5" = slow ] && while ! [ -e "${tedge}.go" ]; do sleep 0.01; done; true`);
    await device.start();
    for (const [service, id] of [
      ["slow", "1"],
      ["slow", "2"],
    ] as const) {
      await device.publish(retained(topicOf(service, "restart", id), '{"status":"init"}'));
    }
    expect(await request("quick", "restart")).toMatchObject({ status: "successful" });
    expect(states(topicOf("slow", "restart", "2")).at(-1).status).toBe("init");
    await writeFile(`${tedge}.go`, "");
    await device.until(() => states(topicOf("slow", "restart", "2")).at(-1).status === "successful");
  });

  test("has a log of its own, whatever the ids of others are", async () => {
    await device.start();
    const [a, b] = [await request("a", "restart"), await request("b", "restart")];
    expect([a.logPath, b.logPath]).toEqual([
      join(device.directories.logs, "workflow-a.restart-1.log"),
      join(device.directories.logs, "workflow-b.restart-1.log"),
    ]);
  });
});

describe("the agent", () => {
  test("is restarted by its own process, and that is told by the next one", async () => {
    await device.start();
    const topic = topicOf("tedge-agent", "restart");
    await device.publish(retained(topic, '{"status":"init"}'));
    while (device.restartRequests === 0) await Bun.sleep(2);
    await device.stop();
    device.abandon();
    await device.start();
    await device.until(() => states(topic).at(-1).status === "successful");
    expect(device.restartRequests).toBe(1);
    expect(await calls()).toBe("");
  });

  test("tells only of itself that it can be restarted", async () => {
    await device.define("pause", SERVICE_WORKFLOW("pause"));
    await device.start();
    await request("x", "start");
    const capabilities = device.messages.filter(({ topic }) => /\/cmd\/[^/]+$/.test(topic));
    expect(capabilities).toEqual([{ topic: "te/device/main/service/tedge-agent/cmd/restart", text: "{}" }]);
  });
});

const SERVICE_WORKFLOW = (operation: string, type = '"service"') => `operation = "${operation}"
type = ${type}

[init]
action = "proceed"
on_success = "executing"

[executing]
script = "\${.payload.program} \${.topic.operation} \${.topic.target}"
on_success = "successful"
`;

describe("a definition of the type service", () => {
  test("adds an action, and replaces a built-in one", async () => {
    for (const operation of ["pause", "restart"])
      await device.define(`service-${operation}`, SERVICE_WORKFLOW(operation));
    await device.start();
    for (const operation of ["pause", "restart"]) {
      expect(await request("nodered", operation, { program: tedge })).toMatchObject({ status: "successful" });
    }
    const target = "device/main/service/nodered";
    expect(await calls()).toBe(`pause ${target}\nrestart ${target}\n`);
  });

  test("does not concern the device, nor one of the device a service", async () => {
    await device.define("a", SERVICE_WORKFLOW("pause"));
    await device.define("b", SERVICE_WORKFLOW("resume", '"device"'));
    await device.define("c", SERVICE_WORKFLOW("resume", '"child-device"'));
    await device.start();
    await device.publish(retained(topicOf("x", "resume"), '{"status":"init"}'));
    device.request("pause", "1");
    await request("x", "pause", { program: tedge });
    expect(states(topicOf("x", "resume"))).toEqual([{ status: "init" }]);
    expect(device.statuses("pause", "1")).toEqual(["init"]);
    expect(device.complaints).toEqual([]);
  });

  test("can use sub-operations of the same service", async () => {
    await device.define("pause", SERVICE_WORKFLOW("pause"));
    await device.define(
      "both",
      `operation = "both"
type = "service"

[init]
operation = "pause"
input.program = "\${.payload.program}"
on_exec = "waiting"

[waiting]
action = "await-operation-completion"
on_success = "successful"
`,
    );
    await device.start();
    await Promise.all([request("a", "both", { program: tedge }), request("b", "both", { program: tedge })]);
    expect((await calls()).trim().split("\n").sort()).toEqual([
      "pause device/main/service/a",
      "pause device/main/service/b",
    ]);
  });
});
