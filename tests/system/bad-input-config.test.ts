import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { runTebus } from "./world/run-tebus.ts";

async function device(): Promise<Device> {
  return makeDevice({ mqttPort: await freePort() });
}

/** Puts a line into `tedge.toml`, above all tables, and gives the path of the file and the number of the line. */
async function spoil(device: Device, line: string): Promise<{ readonly path: string; readonly number: number }> {
  const path = join(device.configDir, "tedge.toml");
  const [first, ...rest] = (await device.read("etc/tedge.toml")).split("\n");
  await writeFile(path, [first, line, ...rest].join("\n"));
  return { path, number: 2 };
}

describe("an unknown key", () => {
  test("on the command line is a usage error: it names the key and the nearest one, or says where all are listed", async () => {
    await using made = await device();
    const near = await runTebus(["config", "set", "mqtt.client.prot", "1"], made);
    expect(near).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: invalid value 'mqtt.client.prot' for '<KEY>': Unknown tedge config key: 'mqtt.client.prot'\n\n" +
        "  tip: a similar key exists: 'mqtt.client.port'\n\nFor more information, try '--help'.\n",
    });
    const far = await runTebus(["config", "set", "nosuch.key", "1"], made);
    expect(far.code).toBe(2);
    expect(far.stderr).toContain(
      "Unknown tedge config key: 'nosuch.key'\n\n  tip: `tedge config list --doc` lists all keys",
    );
  });

  test("in the file or the environment is warned about with its name and place, and stops neither a command nor the agent", async () => {
    const warnings = (path: string) => [
      `Unknown configuration field "nosuch.key" from toml file ${path}`,
      `"c8y" in toml file ${path} is ignored: it has to be a table of settings, such as [c8y]`,
    ];
    await using agent = await startAgentAtWork({ config: ["nosuch.key = 1", 'c8y = "somewhere"'] });
    const path = join(agent.device.configDir, "tedge.toml");
    for (const text of warnings(path)) expect(linesWith(agent.agent.stderr(), text)).toHaveLength(1);
    await expectAtWork(agent);
    const env = { TEDGE_NOSUCH: "1", TEDGE_MQTT_CLIENT_PORT_: "1" };
    const command = await runTebus(["config", "get", "device.id"], { ...agent.device, env });
    expect([command.code, command.stdout]).toEqual([0, "test-device\n"]);
    for (const text of [
      ...warnings(path),
      'Unknown configuration field "nosuch" from environment variable TEDGE_NOSUCH',
      'Unknown configuration field "mqtt_client_port_" from environment variable TEDGE_MQTT_CLIENT_PORT_',
    ]) {
      expect(linesWith(command.stderr, text)).toHaveLength(1);
    }
  });

  test("does not vanish when another key is set", async () => {
    await using made = await device();
    await spoil(made, "nosuch.key = 1 # mine");
    expect((await runTebus(["config", "set", "device.type", "pump"], made)).code).toBe(0);
    expect(await made.read("etc/tedge.toml")).toContain("nosuch.key = 1 # mine\n");
  });
});

describe("a tedge.toml with a syntax error", () => {
  const COMMANDS = [
    ["config", "get", "device.id"],
    ["config", "list"],
    ["mqtt", "pub", "a", "b"],
    ["http", "get", "/te/v1/entities"],
    ["run", "tedge-agent"],
    ["run", "tedge-mapper", "local"],
    ["run", "all"],
  ];

  test("makes every command end with 1, naming file, line and column and showing the line", async () => {
    const files = { "mappers/local/mapper.toml": 'url = "127.0.0.1:1"\n' };
    await using made = await makeDevice({ mqttPort: await freePort(), files });
    const { path, number } = await spoil(made, 'device.type = "unclosed');
    for (const args of COMMANDS) {
      const { code, stdout, stderr } = await runTebus(args, made);
      expect([args.join(" "), code, stdout]).toEqual([args.join(" "), 1, ""]);
      expect(stderr).toStartWith("Error: failed to ");
      expect(stderr).toContain(`Invalid configuration file ${path}\n`);
      expect(stderr).toContain(`TOML parse error at line ${number}, column 24: `);
      expect(stderr).toContain(`${number}:  device.type = "unclosed\n`);
    }
  });

  test("is repaired by `config set`, which says what it changed and keeps the file as it was", async () => {
    const broken = "[mqtt";
    await using agent = await startAgentAtWork({
      async prepare(device) {
        const { path, number } = await spoil(device, broken);
        const before = await device.read("etc/tedge.toml");
        const set = await runTebus(["config", "set", "device.type", "pump"], device);
        expect(set.code).toBe(0);
        expect(set.stderr).toContain(`warning: ${path}: line ${number} is no TOML and was commented out: ${broken}\n`);
        expect(set.stderr).toContain(`warning: The file as it was is kept as ${path}.broken\n`);
        expect(await device.read("etc/tedge.toml.broken")).toBe(before);
        expect((await runTebus(["config", "get", "device.type"], device)).stdout).toBe("pump\n");
      },
    });
    await expectAtWork(agent);
  });

  test("or bytes that are no text is refused alike", async () => {
    await using made = await device();
    const path = join(made.configDir, "tedge.toml");
    await writeFile(path, Buffer.from([0xff, 0xfe, 0x00, 0x01]));
    const { code, stderr } = await runTebus(["config", "list"], made);
    expect(code).toBe(1);
    expect(stderr).toContain(`Invalid configuration file ${path}\n    1: TOML parse error at line 1, column 1: `);
  });
});

test("a value that its key cannot have is refused with key, value and where it stands", async () => {
  await using made = await device();
  const set = await runTebus(["config", "set", "mqtt.client.port", "99999"], made);
  expect([set.code, set.stderr]).toEqual([
    1,
    "Error: failed to set the configuration key: 'mqtt.client.port' with value: 99999.\n\n" +
      "Caused by:\n    0: Failed to parse input\n    1: number too large to fit in target type\n",
  ]);
  const env = { TEDGE_MQTT_CLIENT_PORT: "abc" };
  const environment = await runTebus(["run", "tedge-agent"], { ...made, env });
  expect(environment.code).toBe(1);
  expect(environment.stderr).toContain(
    'Failed to set value for mqtt.client.port to "abc" from environment variable TEDGE_MQTT_CLIENT_PORT',
  );
  const { path, number } = await spoil(made, "mqtt.client.host = 5");
  const file = await runTebus(["run", "tedge-agent"], made);
  expect(file.code).toBe(1);
  expect(file.stderr).toContain(
    `Invalid configuration file ${path}\n    1: TOML parse error at line ${number}, column 20: invalid value for 'mqtt.client.host'`,
  );
});
