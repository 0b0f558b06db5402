import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { type Device, makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { mosquittoPub, mosquittoSub } from "./world/mosquitto-clients.ts";
import { runTebus } from "./world/run-tebus.ts";

const GOOD_RULE = ['local_prefix = "x/"', 'remote_prefix = "y/"', "[[rule]]", 'topic = "#"', 'direction = "outbound"'];

/** Mappers with one mistake each, and what is logged about it: where it is and what it is. */
const MISTAKES = {
  "no-toml": {
    file: "bridge/rules.toml",
    text: 'local_prefix = "x/\n',
    line: 1,
    column: 19,
    why: "control characters are not allowed",
  },
  "no-text": {
    file: "bridge/rules.toml",
    text: Buffer.from([0xff, 0xfe]),
    line: 1,
    column: 1,
    why: "illegal character",
  },
  direction: {
    file: "bridge/rules.toml",
    text: rule({ 4: 'direction = "sideways"' }),
    line: 5,
    column: 13,
    why: 'unknown direction "sideways"',
  },
  field: {
    file: "bridge/rules.toml",
    text: rule({ 5: "nosuch = 1" }),
    line: 6,
    column: 1,
    why: "unknown field 'nosuch'",
  },
  reference: {
    file: "bridge/rules.toml",
    text: rule({ 1: `remote_prefix = "\${mapper.devise.id}/"` }),
    line: 2,
    column: 18,
    why: "Unknown mapper config key 'devise.id'",
  },
  settings: { file: "mapper.toml", text: "url = [\n", line: 2, column: 1, why: "invalid value" },
  type: { file: "mapper.toml", text: "url = 5\n", line: 1, column: 7, why: "invalid value for 'url'" },
} as const;

function rule(replaced: Readonly<Record<number, string>>): string {
  return `${Object.values({ ...GOOD_RULE, ...replaced }).join("\n")}\n`;
}

/** A mapper that connects to `broker` as its cloud. */
function mapperToml(device: Device, port: number): string {
  return [
    `url = "127.0.0.1:${port}"`,
    'auth_method = "password"',
    `credentials_path = ${JSON.stringify(join(device.configDir, "credentials.toml"))}`,
    'bridge.tls.enable = "off"',
  ].join("\n");
}

const files = {
  "credentials.toml": '[credentials]\nusername = "u"\npassword = "p"\n',
  "mappers/good/bridge/rules.toml": rule({}),
  ...Object.fromEntries(Object.keys(MISTAKES).map((name) => [`mappers/${name}/bridge/rules.toml`, rule({})])),
};

async function layOutMappers(device: Device, port: number): Promise<void> {
  for (const name of ["good", ...Object.keys(MISTAKES)]) {
    await writeFile(join(device.configDir, "mappers", name, "mapper.toml"), mapperToml(device, port));
  }
  for (const [name, { file, text }] of Object.entries(MISTAKES)) {
    await writeFile(join(device.configDir, "mappers", name, file), text);
  }
}

test("a mapper with a mistake in a file is not started, and says where and why; the agent and other mappers work", async () => {
  await using all = await startAgentAtWork({
    args: ["run", "all"],
    files,
    prepare: (device, broker) => layOutMappers(device, broker.port),
  });
  const { agent, broker, device } = all;
  for (const [name, { file, line, column, why }] of Object.entries(MISTAKES)) {
    const path = join(device.configDir, "mappers", name, file);
    await agent.waitForLog(
      `component{name=tedge-mapper-${name}}: supervisor: crashed; restarting in 1s: failed to build: `,
    );
    const log = agent.stderr();
    expect(log).toMatch(new RegExp(`failed to build: [^\\n]*${path.replaceAll(".", "\\.")}`));
    const isExcerpt = log.includes(`--> ${path}:${line}:${column}\n`);
    expect([name, isExcerpt || log.includes(`${path}: TOML parse error at line ${line}, column ${column}: `)]).toEqual([
      name,
      true,
    ]);
    expect(linesWith(log, why)).not.toEqual([]);
  }
  await expectAtWork(all);
  await agent.waitForLog("component{name=tedge-mapper-good}: supervisor: up");
  await using cloud = await mosquittoSub(broker, ["y/#"]);
  await mosquittoPub(broker, "x/measured", "21");
  expect((await cloud.next("y/measured")).payload).toBe("21");
});

test("a mapper alone ends with 1 and an excerpt of the file", async () => {
  const port = await freePort();
  await using device = await makeDevice({ mqttPort: port, files });
  await layOutMappers(device, port);
  const { code, stderr } = await runTebus(["run", "tedge-mapper", "direction"], device);
  const path = join(device.configDir, "mappers/direction/bridge/rules.toml");
  expect(code).toBe(1);
  expect(stderr).toContain(
    [
      'error: unknown direction "sideways", expected ("inbound" | "outbound" | "bidirectional")',
      ` --> ${path}:5:13`,
      "  |",
      '5 | direction = "sideways"',
      "  |             ^^^^^^^^^^",
    ]
      .map((line) => `  ${line}\n`)
      .join(""),
  );
  const unknown = await runTebus(["run", "tedge-mapper", "nosuch"], device);
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain(`mappers/nosuch' does not exist. Available mappers: `);
});

describe("a workflow definition", () => {
  const HELLO = [
    'operation = "hello"',
    "[init]",
    'action = "proceed"',
    'on_success = "successful"',
    "[successful]",
    'action = "cleanup"',
    "[failed]",
    'action = "cleanup"',
  ];
  const definition = (lines: readonly string[]) => `${lines.join("\n")}\n`;

  test("that cannot be read is told with its path and why, and the others work", async () => {
    await using agent = await startAgentAtWork({
      files: {
        "operations/hello.toml": definition(HELLO),
        "operations/broken.toml": 'operation = "broken\n[init]\n',
        "operations/nameless.toml": definition(HELLO.slice(1)),
      },
      prepare: async (device) => {
        await writeFile(join(device.configDir, "operations/bytes.toml"), Buffer.from([0xff, 0xfe]));
      },
    });
    const directory = join(agent.device.configDir, "operations");
    const told = (name: string) =>
      linesWith(agent.agent.stderr(), `Cannot use the operation workflow definition "${join(directory, name)}": `)[0];
    expect(told("broken.toml")).toEndWith(
      "TOML parse error at line 1, column 20: control characters are not allowed in strings",
    );
    expect(told("nameless.toml")).toEndWith("no `operation` is named");
    expect(told("bytes.toml")).toEndWith("not UTF-8");
    await using commands = await mosquittoSub(agent.broker, ["te/device/main///cmd/#"]);
    await mosquittoPub(agent.broker, "te/device/main///cmd/hello/1", '{"status":"init"}', { retain: true });
    expect((await commands.next("te/device/main///cmd/hello/1", /successful/)).payload).toContain(
      '"status":"successful"',
    );
    expect(commands.messages().map(({ topic }) => topic)).not.toContain("te/device/main///cmd/broken");
    await expectAtWork(agent);
  });

  test("that can be read but makes no sense fails each of its commands with the path and the mistake", async () => {
    const lost = definition(HELLO.map((line) => line.replace('on_success = "successful"', 'on_success = "nowhere"')));
    await using agent = await startAgentAtWork({ files: { "operations/hello.toml": lost } });
    const path = join(agent.device.configDir, "operations/hello.toml");
    const mistake = `Invalid operation workflow definition "${path}": Undefined target state: nowhere (on_success of init)`;
    expect(linesWith(agent.agent.stderr(), mistake)).toHaveLength(1);
    await using commands = await mosquittoSub(agent.broker, ["te/device/main///cmd/hello/+"]);
    await mosquittoPub(agent.broker, "te/device/main///cmd/hello/1", '{"status":"init"}', { retain: true });
    const failed = await commands.next("te/device/main///cmd/hello/1", /failed/);
    expect(JSON.parse(failed.payload)).toMatchObject({ status: "failed", reason: mistake });
    await expectAtWork(agent);
    expect(await curl(`${agent.url}/te/v1/entities/device/main//`)).toContain('"@type":"device"');
  });
});
