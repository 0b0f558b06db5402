import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { runExecutable } from "../../../src/cli/run-executable.ts";
import { VERSION } from "../../../src/platform/version.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tebus-cli-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function run(calledBy: string, args: readonly string[], environment: Record<string, string> = {}) {
  let stdout = "";
  let stderr = "";
  const code = await runExecutable(calledBy, args, {
    environment: { RUST_LOG: "error", ...environment },
    stdout: (text) => {
      stdout += text;
    },
    output: (bytes) => {
      stdout += new TextDecoder().decode(bytes);
    },
    stderr: (text) => {
      stderr += text;
    },
    clock: systemClock,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

describe("the version", () => {
  test.each([
    ["tedge", ["--version"], "tedge"],
    ["tedge", ["-V"], "tedge"],
    ["tedge", ["mqtt", "sub", "--version"], "tedge"],
    ["/usr/bin/tedge-agent", ["--version"], "tedge-agent"],
    ["tedge", ["run", "tedge-agent", "--version"], "tedge-agent"],
    ["tedge", ["run", "tedge-mapper", "-V"], "tedge-mapper"],
    ["tedge-write", ["--version"], "tedge-write"],
    ["tebus", ["--version"], "tebus"],
  ] as const)("called as %s with %j it names %s", async (calledBy, args, name) => {
    expect(await run(calledBy, args)).toEqual({ code: 0, stdout: `${name} ${VERSION}\n`, stderr: "" });
  });
});

describe("help goes to standard output and is a success", () => {
  test.each([
    ["tedge", ["--help"]],
    ["tedge", ["help"]],
    ["tedge", ["mqtt", "--help"]],
    ["tedge", ["--help", "mqtt", "pub"]],
    ["tedge", ["help", "mqtt"]],
    ["tedge-agent", ["-h"]],
    ["tedge", ["run", "all", "--help"]],
  ] as const)("%s %j", async (calledBy, args) => {
    const { code, stdout, stderr } = await run(calledBy, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("Usage");
  });

  test("what is not available is not in it", async () => {
    const { stdout } = await run("tedge", ["--help"]);
    expect(stdout).toContain("mqtt");
    expect(stdout).not.toMatch(/connect|flows-plugin|watchdog/);
  });
});

describe("a usage error goes to standard error and exits with 2", () => {
  test.each([
    ["tedge", []],
    ["tedge", ["nonsense"]],
    ["tedge", ["--nonsense"]],
    ["tedge", ["mqtt"]],
    ["tedge", ["http"]],
    ["tedge", ["http", "get"]],
    ["tedge", ["http", "put", "/te/v1/x"]],
    ["tedge", ["http", "put", "/te/v1/x", "content", "--data", "data"]],
    ["tedge", ["http", "get", "/te/v1/x", "--accept-type", "nonsense"]],
    ["tedge", ["http", "delete", "/te/v1/x", "--data", "x"]],
    ["tedge", ["config", "get"]],
    ["tedge", ["config", "get", "no.such.key"]],
    ["tedge", ["config", "set", "mqtt.bind.port"]],
    ["tedge", ["mqtt", "pub", "only/topic"]],
    ["tedge", ["mqtt", "pub", "a", "b", "c"]],
    ["tedge", ["--log-level", "loud", "mqtt", "sub", "a"]],
    ["tedge", ["run"]],
    ["tedge", ["run", "nonsense", "--option"]],
    ["tedge-agent", ["argument"]],
    ["tedge-mapper", []],
    ["tedge-mapper", ["a", "b"]],
    ["other-name", ["config", "list"]],
  ] as const)("%s %j", async (calledBy, args) => {
    const { code, stdout, stderr } = await run(calledBy, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).not.toBe("");
  });

  test.each([
    [["mqtt", "pub", "a", "b", "--qos", "3"], "The input QoS should be 0, 1, or 2"],
    [["mqtt", "sub", "a", "-q", "x"], "The input QoS should be 0, 1, or 2"],
    [["mqtt", "pub", "x/#", "b"], 'Invalid topic name: "x/#"'],
    [["mqtt", "sub", "x/#/y"], 'Invalid topic filter: "x/#/y"'],
    [["mqtt", "sub", "a", "-W", "soon"], "expected number"],
    [["mqtt", "sub", "a", "-C", "0"], "A whole number from 1 up is expected"],
  ] as const)("%j says %s", async (args, text) => {
    const { code, stderr } = await run("tedge", ["--config-dir", directory, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe("what thin-edge has and this version has not says so and exits with 1", () => {
  test.each([
    ["tedge", ["connect", "c8y", "--test"], "'tedge connect' is not available in this version of tebus"],
    ["tedge", ["cert", "create", "--device-id", "x"], "'tedge cert' is not available in this version of tebus"],
    ["flow", ["list"], "tedge-flows-plugin is not available in this version of tebus"],
    ["tedge", ["run", "tedge-watchdog"], "tedge-watchdog is not available in this version of tebus"],
  ] as const)("%s %j", async (calledBy, args, text) => {
    expect(await run(calledBy, args)).toEqual({ code: 1, stdout: "", stderr: `Error: ${text}\n` });
  });

  test("built-in mappers too", async () => {
    const { code, stderr } = await run("tedge-mapper", ["--config-dir", directory, "c8y"]);
    expect(code).toBe(1);
    expect(stderr).toContain("mapper 'c8y' is not available in this version of tebus");
  });
});

describe("the configuration directory", () => {
  async function usedDirectory(args: readonly string[], environment: Record<string, string> = {}) {
    const { code, stderr } = await run("tedge", [...args, "mqtt", "pub", "a", "b"], environment);
    expect(code).toBe(1);
    return stderr;
  }

  async function brokenDirectories(): Promise<readonly [string, string]> {
    const [left, right] = [await mkdtemp(join(directory, "left-")), await mkdtemp(join(directory, "right-"))];
    for (const path of [left, right]) await writeFile(join(path, "tedge.toml"), "= broken");
    return [left, right];
  }

  test("is taken from the environment, and an empty variable counts as unset", async () => {
    const [left] = await brokenDirectories();
    expect(await usedDirectory([], { TEDGE_CONFIG_DIR: left })).toContain(left);
    expect(await usedDirectory(["--config-dir", left], { TEDGE_CONFIG_DIR: "" })).toContain(left);
  });

  test("may be given before and after the sub-command; the innermost wins, and the environment never does", async () => {
    const [left, right] = await brokenDirectories();
    const inside = ["--config-dir", left, "mqtt", "pub", "--config-dir", right, "a", "b"];
    expect((await run("tedge", inside, { TEDGE_CONFIG_DIR: left })).stderr).toContain(right);
    const last = ["mqtt", "--config-dir", left, "pub", "a", "b", `--config-dir=${right}`];
    expect((await run("tedge", last)).stderr).toContain(right);
    expect(await usedDirectory(["--config-dir", right], { TEDGE_CONFIG_DIR: left })).toContain(right);
  });

  test("a broken configuration fails a command with its causes", async () => {
    const [left] = await brokenDirectories();
    const { code, stderr } = await run("tedge", ["--config-dir", left, "mqtt", "pub", "a", "b"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith(
      'Error: failed to publish the message "b" in topic "a" with QoS "AtLeastOnce"\n\nCaused by:\n    0: ',
    );
    expect(stderr).toContain("TOML parse error at line 1");
  });
});

test("a user-defined mapper without a directory is refused before anything starts", async () => {
  const { code, stderr } = await run("tedge", ["run", "tedge-mapper", "--config-dir", directory, "mine"]);
  expect(code).toBe(1);
  expect(stderr).toContain(`Mapper directory '${directory}/mappers/mine' does not exist.`);
});

test("the deprecated options of a mapper do nothing, successfully", async () => {
  expect(await run("tedge-mapper", ["--init", "c8y"])).toMatchObject({ code: 0, stdout: "" });
  expect(await run("tedge-mapper", ["c8y", "--clear"])).toMatchObject({ code: 0, stdout: "" });
});

test("a value that begins with a dash comes after --", async () => {
  const broker = ["--config-dir", directory, "mqtt", "pub", "--connection-timeout", "1ms"];
  expect((await run("tedge", [...broker, "a", "-x"])).code).toBe(2);
  expect((await run("tedge", [...broker, "--", "a", "-x"])).stderr).toContain('publish the message "-x"');
});

test("a key is set, listed, read, changed and unset", async () => {
  const config = (...args: string[]) => run("tedge", ["config", "--config-dir", directory, ...args]);
  expect((await config("set", "device.type", "pump")).code).toBe(0);
  expect(await config("get", "device.type")).toMatchObject({ code: 0, stdout: "pump\n" });
  expect((await config("list", "device.type")).stdout).toBe("device.type=pump\n");
  expect((await config("unset", "device.type")).code).toBe(0);
  expect((await config("get", "device.type")).stdout).toBe("thin-edge.io\n");
});

test("items are added to a list and removed from it", async () => {
  const config = (...args: string[]) => run("tedge", ["config", "--config-dir", directory, ...args]);
  expect((await config("set", "c8y.topics", "b/#")).code).toBe(0);
  expect((await config("add", "c8y.topics", "a/#")).code).toBe(0);
  expect((await config("get", "c8y.topics")).stdout).toBe('["a/#", "b/#"]\n');
  expect((await config("remove", "c8y.topics", "b/#")).code).toBe(0);
  expect((await config("get", "c8y.topics")).stdout).toBe('["a/#"]\n');
});

test("keys are documented, and an old configuration is brought up to date", async () => {
  const config = (...args: string[]) => run("tedge", ["config", "--config-dir", directory, ...args]);
  expect((await config("list", "--doc", "mqtt.bind.port")).stdout).toContain("mqtt.bind.port  ");
  expect((await config("list", "--all", "c8y.url")).stdout).toContain("c8y.url=\n");
  expect((await config("upgrade")).stderr).toContain("Configuration is already up to date");
});

test("an unknown key is named with the argument, and nothing is on standard output", async () => {
  const { stdout, stderr } = await run("tedge", ["config", "get", "no.such.key"]);
  expect(stdout).toBe("");
  expect(stderr).toContain("invalid value 'no.such.key' for '<KEY>': Unknown tedge config key: 'no.such.key'");
});

test("a profile reaches the key", async () => {
  const config = (...args: string[]) => run("tedge", ["--config-dir", directory, "config", ...args]);
  expect((await config("set", "c8y.url", "a.example.com", "--profile", "Two")).code).toBe(0);
  expect((await config("get", "c8y.profiles.two.url")).stdout).toBe("a.example.com\n");
  expect((await config("get", "--profile", "two", "device.type")).stderr).toStartWith(
    "Error: missing configuration parameter\n",
  );
});

describe("requests to the local services", () => {
  let asked: { readonly method: string; readonly path: string; readonly body: string; readonly type: string | null }[];
  let server: Server;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        asked.push({
          method: request.method ?? "",
          path: request.url ?? "",
          body,
          type: request.headers["content-type"] ?? null,
        });
        response.writeHead(request.url?.includes("missing") === true ? 404 : 200).end("the body");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const toml = [
      `http.client.port = ${port}`,
      `c8y.proxy.client.port = ${port}`,
      `c8y.profiles.two.proxy.client.port = ${port}`,
    ];
    await writeFile(join(directory, "tedge.toml"), `${toml.join("\n")}\n`);
  });

  afterEach(() => {
    server.close();
  });

  const http = (...args: string[]) => run("tedge", ["http", "--config-dir", directory, ...args]);

  test("the body of the answer goes to standard output as it is", async () => {
    expect(await http("get", "/te/v1/entities?a=b")).toEqual({ code: 0, stdout: "the body", stderr: "" });
    expect(asked).toMatchObject([{ method: "GET", path: "/te/v1/entities?a=b" }]);
  });

  test("content is sent from the argument, an option or a file", async () => {
    await writeFile(join(directory, "file.txt"), "three");
    expect((await http("post", "/te/v1/x", "one")).code).toBe(0);
    expect((await http("put", "/te/v1/x", "--data", "two", "--content-type", "text/x-mine")).code).toBe(0);
    expect((await http("patch", "/te/v1/x", "--file", join(directory, "file.txt"))).code).toBe(0);
    const sent = asked.filter(({ method }) => method !== "HEAD");
    expect(sent.map(({ method, body }) => `${method} ${body}`)).toEqual(["POST one", "PUT two", "PATCH three"]);
    expect(sent.map(({ type }) => type)).toEqual(["application/json", "text/x-mine", "text/plain"]);
  });

  test("an error of the server is a failure that shows what it said", async () => {
    const { code, stdout, stderr } = await http("delete", "/te/v1/missing");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^Error: failed to DELETE http:\/\/127.0.0.1:\d+\/te\/v1\/missing\n/);
    expect(stderr).toContain("HTTP client error: 404 Not Found\n    the body");
  });

  test("the cloud's part goes to its proxy, with a profile to that of the profile", async () => {
    expect((await http("get", "/c8y/inventory")).code).toBe(0);
    expect((await http("get", "/c8y/inventory", "--profile", "two")).code).toBe(0);
    expect((await http("get", "/c8y/inventory", "--profile", "three")).stderr).toContain("Unknown profile `three`");
    expect(asked).toHaveLength(2);
  });

  test("other paths are refused", async () => {
    expect(await http("get", "/elsewhere")).toMatchObject({
      code: 1,
      stderr: "Error: missing configuration parameter\n\nCaused by:\n    Not a local HTTP uri: /elsewhere\n",
    });
  });
});
