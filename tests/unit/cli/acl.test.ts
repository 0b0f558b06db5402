import { beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { systemClock } from "../../../src/base/clock.ts";
import { describeFault } from "../../../src/base/fault.ts";
import { createLog } from "../../../src/base/log.ts";
import { type AclArgs, aclMosquitto } from "../../../src/cli/acl.ts";
import { MY_DEVICE } from "../config/certificate-fixtures.ts";
import { ConfigDirectory, removeConfigDirectories } from "../config/config-directory.ts";

removeConfigDirectories();

const ARGS: AclArgs = { names: "user", anyChild: false, sensors: [], operators: [] };

let stdout: string;
let stderr: string;

beforeEach(() => {
  stdout = "";
  stderr = "";
});

interface Place {
  readonly files?: Record<string, string>;
  readonly environment?: Record<string, string>;
}

async function run(args: Partial<AclArgs>, { files = {}, environment = {} }: Place = {}): Promise<string> {
  const directory = await ConfigDirectory.make(files);
  const outcome = await aclMosquitto(
    {
      configDirectory: directory.path,
      environment: { TEDGE_AGENT_STATE_PATH: directory.file("state"), ...environment },
      stdout: (text) => {
        stdout += text;
      },
      stderr: (text) => {
        stderr += text;
      },
      log: createLog("test"),
      clock: systemClock,
      random: Math.random,
      signal: new AbortController().signal,
    },
    { ...ARGS, ...args },
  );
  if (outcome.kind === "done") return outcome.kind;
  return outcome.kind === "usage" ? outcome.text : describeFault(outcome.fault).replaceAll(directory.path, "<cfg>");
}

/** Rules by user. */
function sections(): Record<string, readonly string[]> {
  const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const users = lines
    .join("\n")
    .split(/^user /m)
    .slice(1);
  return Object.fromEntries(
    users.map((section) => {
      const [user = "", ...rules] = section.trimEnd().split("\n");
      return [user, rules];
    }),
  );
}

const registration = (id: string, payload: unknown) =>
  JSON.stringify({ topic: { name: `te/${id}` }, payload: JSON.stringify(payload), qos: 1, retain: true });

const STORE = [
  '{"version":"1.0"}',
  registration("device/valve//", { "@type": "child-device" }),
  registration("device/valve/service/plc", { "@type": "service" }),
  registration("device/gone//", { "@type": "child-device" }),
  registration("plant/hall/line/robot", { "@type": "child-device" }),
  registration("plant/hall/line/gripper", { "@type": "service", "@parent": "plant/hall/line/robot" }),
  registration("device/evil\nuser root//", { "@type": "child-device" }),
  JSON.stringify({ topic: { name: "te/device/gone//" }, payload: "", qos: 1, retain: true }),
].join("\n");

describe("sections", () => {
  test("there is one for the gateway, by the name that its configuration has", async () => {
    expect(await run({})).toBe("done");
    expect(sections()).toEqual({ tedge: ["topic readwrite te/#"] });
    stdout = "";
    await run({}, { environment: { TEDGE_MQTT_CLIENT_AUTH_USERNAME: "gw", TEDGE_MQTT_TOPIC_ROOT: "root" } });
    expect(sections()).toEqual({ gw: ["topic readwrite root/#"] });
  });

  test("there is one for each registered child device, with its services, wherever the agent keeps its state", async () => {
    for (const place of ["state", ".agent"]) {
      stdout = "";
      stderr = "";
      expect(await run({}, { files: { [`${place}/entity_store.jsonl`]: STORE } })).toBe("done");
      expect(Object.keys(sections())).toEqual(["tedge", "valve", "plant.hall.line.robot"]);
      expect(sections().valve?.[0]).toBe("topic write te/device/valve/#");
      expect(sections()["plant.hall.line.robot"]).toContain("topic write te/plant/hall/line/gripper/#");
      expect(stderr).toBe(
        'warning: "device/evil\\nuser root//" is left out, as no client can be called so; see --child\n',
      );
    }
  });

  test("children can be named instead", async () => {
    const files = { "state/entity_store.jsonl": STORE };
    await run({ children: ["device/pump", "plant/hall/line/robot=rob"] }, { files });
    expect(Object.keys(sections())).toEqual(["tedge", "pump", "rob"]);
  });

  test("all children together are patterns", async () => {
    await run({ anyChild: true }, { files: { "state/entity_store.jsonl": STORE } });
    expect(stdout).toContain("\npattern write te/device/%u/#\n");
    expect(stdout).not.toContain("device/valve");
  });

  test("sensors and operators have those that were asked for", async () => {
    await run({ sensors: ["t1=device/valve", "t1=device/pump"], operators: ["ops"] });
    expect(sections().t1).toEqual(["topic write te/device/valve/#", "topic write te/device/pump/#"]);
    expect(sections().ops).toContain("topic read te/#");
  });

  test("a certificate's name is the gateway's, else its device id", async () => {
    const files = { "cert.pem": MY_DEVICE, "key.pem": "" };
    await run({ names: "certificate" }, { environment: { TEDGE_DEVICE_ID: "gw-7" } });
    expect(Object.keys(sections())).toEqual(["gw-7"]);
    stdout = "";
    const directory = await ConfigDirectory.make(files);
    const environment = { TEDGE_MQTT_CLIENT_AUTH_CERT_FILE: directory.file("cert.pem") };
    await run({ names: "certificate" }, { environment });
    expect(Object.keys(sections())).toEqual(["my-device"]);
  });
});

describe("mappers", () => {
  const files = {
    "mappers/plant/mapper.toml": 'url = "mqtt.example.com:8883"\n[device]\nid = "gw"\n',
    "mappers/plant/bridge/rules.toml": `
      [[rule]]
      local_prefix = "te/"
      remote_prefix = "x/"
      topic = "+/+/+/+/m/+"
      direction = "outbound"
      [[rule]]
      local_prefix = "orders/"
      remote_prefix = "y/"
      topic = "#"
      direction = "inbound"
    `,
  };
  const environment = { TEDGE_C8Y_URL: "example.cumulocity.com", TEDGE_AZ_URL: "example.azure-devices.net" };

  test("have the gateway's name, and the topics of their clouds and bridges besides the bus", async () => {
    expect(await run({}, { files, environment })).toBe("done");
    expect(sections()).toEqual({
      tedge: [
        "topic readwrite te/#",
        "topic readwrite c8y/#",
        "topic readwrite c8y-internal/#",
        "topic readwrite az/#",
        "topic write orders/#",
      ],
    });
  });

  test("with a name of their own have what each of them needs", async () => {
    await run({ mapper: "mappers" }, { files, environment });
    expect(sections().tedge).toEqual(["topic readwrite te/#"]);
    expect(sections().mappers).toEqual(
      expect.arrayContaining([
        "topic read te/#",
        "topic write te/errors",
        "topic write te/device/main/service/tedge-mapper-c8y/#",
        "topic write te/device/main/service/tedge-mapper-bridge-plant/#",
        "topic read te/+/+/+/+/m/+",
        "topic write orders/#",
      ]),
    );
  });

  test("whose rules are broken are told", async () => {
    const broken = { ...files, "mappers/plant/bridge/rules.toml": "[[rule]]\ntopic = 1\n" };
    expect(await run({}, { files: broken })).toContain("Invalid bridge config template");
    expect(stdout).toBe("");
  });
});

test("the file is written instead of printed", async () => {
  const directory = await ConfigDirectory.make();
  const output = directory.file("tedge.acl");
  expect(await run({ output })).toBe("done");
  expect(stdout).toBe("");
  expect(readFileSync(output, "utf8")).toContain(`#   acl_file ${output}\n`);
  expect(stderr).toStartWith(`Written to ${output}`);
});

test.each<[Partial<AclArgs>, string]>([
  [{ children: ["a/b/c/d/e"] }, "'a/b/c/d/e': An entity topic identifier has at most 4 segments"],
  [{ children: ["device/a=x\ny"] }, '"x\\ny" cannot be the name of a client of mosquitto'],
  [
    { children: ["device/a\nuser root"] },
    "'device/a\nuser root': An entity topic identifier must be a valid MQTT topic",
  ],
  [{ children: ["device/a"], anyChild: true }, "--child and --any-child exclude each other"],
  [{ sensors: ["device/a"] }, "'device/a' is not of the form <name>=<entity>"],
  [{ sensors: ["x=device/+"] }, "'device/+': An entity topic identifier must be a valid MQTT topic"],
  [{ children: ["device/a=x:y"] }, '"x:y" cannot be the name of a client of mosquitto'],
  [{ operators: [""] }, '"" cannot be the name of a client of mosquitto'],
])("%j is refused", async (args, text) => {
  expect(await run(args)).toBe(text);
  expect(stdout).toBe("");
});
