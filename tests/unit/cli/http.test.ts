import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { describeFault, fault } from "../../../src/base/fault.ts";
import { err, ok } from "../../../src/base/result.ts";
import { type HttpArgs, type HttpCommandWorld, httpCommand } from "../../../src/cli/http.ts";
import type { CommandOutcome } from "../../../src/cli/outcome.ts";
import { answer, scriptedServer, type Turn } from "../files/scripted-server.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../files/temporary-directory.ts";
import { recordedLog } from "../http/recorded-log.ts";

let directory: TemporaryDirectory;
let printed: Uint8Array[];

beforeEach(() => {
  directory = temporaryDirectory();
  printed = [];
});

afterEach(() => directory[Symbol.dispose]());

function context() {
  return {
    configDirectory: directory.path,
    environment: {},
    stdout: () => undefined,
    stderr: () => undefined,
    log: recordedLog(),
    clock: systemClock,
    random: () => 0.5,
    signal: new AbortController().signal,
  };
}

/** The agent and the proxy of every profile are the same server. */
function world(url: string, proxies: string[] = []): HttpCommandWorld {
  const server = { https: false, host: "127.0.0.1", port: Number(new URL(url).port) };
  return {
    agent: async () => ok(server),
    async cloudProxy(profile) {
      proxies.push(profile ?? "default");
      return ok(server);
    },
    client: async () => ok({}),
    output: (bytes) => void printed.push(bytes),
  };
}

function run(url: string, args: Partial<HttpArgs>): Promise<CommandOutcome> {
  return httpCommand(context(), world(url), { method: "GET", uri: "/te/v1/x", ...args });
}

/** Runs the command against a server that plays `turns`. */
async function play(args: Partial<HttpArgs>, ...turns: readonly Turn[]) {
  await using server = await scriptedServer(...turns);
  const outcome = await run(server.url, args);
  const requests = server.requests.map(({ requestLine, headers, body }) => ({
    line: requestLine.replace(" HTTP/1.1", ""),
    type: headers.get("content-type"),
    length: headers.get("content-length"),
    body,
  }));
  const shown = outcome.kind === "failed" ? { ...outcome, fault: describeFault(outcome.fault) } : outcome;
  return { outcome: JSON.parse(JSON.stringify(shown).replaceAll(new URL(server.url).origin, "SERVER")), requests };
}

describe("success", () => {
  test("prints the body as it came, and nothing for an empty one", async () => {
    const { outcome } = await play({}, answer("200 OK", {}, "\u00ff\u0000raw"));
    expect(outcome).toEqual({ kind: "done" });
    expect([...Buffer.concat(printed)]).toEqual([0xff, 0, ...Buffer.from("raw")]);
    printed = [];
    await play({ method: "DELETE" }, answer("204 No Content", {}));
    expect(printed).toEqual([]);
  });

  test("the URI goes out as it was given", async () => {
    const { requests } = await play({ uri: "/te/v1/entities/device/main///twin?a=%20b&c" }, answer("200 OK", {}));
    expect(requests[0]?.line).toBe("GET /te/v1/entities/device/main///twin?a=%20b&c");
  });

  test.each(["POST", "PUT", "PATCH"] as const)("%s sends text as JSON unless told otherwise", async (method) => {
    for (const given of [{ content: "{}" }, { data: "{}" }]) {
      const { requests } = await play({ method, ...given }, answer("200 OK", {}));
      expect(requests).toEqual([{ line: `${method} /te/v1/x`, type: "application/json", length: "2", body: "{}" }]);
    }
    const { requests } = await play({ method, data: "", contentType: "text/plain" }, answer("200 OK", {}));
    expect(requests[0]).toMatchObject({ type: "text/plain", length: "0" });
  });

  test("a file is streamed with its length and the type of its extension", async () => {
    const file = join(directory.path, "f.log");
    writeFileSync(file, "x".repeat(100_000));
    const { requests } = await play({ method: "PUT", file }, answer("404 Not Found", {}), answer("201 Created", {}));
    expect(requests[1]).toEqual({
      line: "PUT /te/v1/x",
      type: "text/plain",
      length: "100000",
      body: "x".repeat(100_000),
    });
  });

  test("a file goes where the server redirects to", async () => {
    const file = join(directory.path, "noext");
    writeFileSync(file, "content");
    const moved = answer("307 Temporary Redirect", { location: "/moved" });
    const { outcome, requests } = await play(
      { method: "PUT", file },
      moved,
      answer("404 Not Found", {}),
      answer("201 Created", {}),
    );
    expect(outcome).toEqual({ kind: "done" });
    expect(requests[2]).toEqual({ line: "PUT /moved", type: "application/octet-stream", length: "7", body: "content" });
  });

  test("the accepted type is sent when it is given", async () => {
    await using server = await scriptedServer(answer("200 OK", {}));
    await run(server.url, { acceptType: "application/json" });
    expect(server.requests[0]?.headers.get("accept")).toBe("application/json");
  });

  test("/c8y goes to the proxy of the profile, /te and /tedge to the agent", async () => {
    await using server = await scriptedServer(answer("200 OK", {}));
    const proxies: string[] = [];
    for (const [uri, profile] of [
      ["/c8y/a", undefined],
      ["/c8y", "p"],
      ["/te/v1/x", undefined],
      ["/tedge/file-transfer/x", "p"],
    ] as const) {
      const args: HttpArgs = { method: "GET", uri, ...(profile === undefined ? {} : { profile }) };
      expect(await httpCommand(context(), world(server.url, proxies), args)).toEqual({ kind: "done" });
    }
    expect(proxies).toEqual(["default", "p"]);
  });
});

describe("failure", () => {
  test.each([
    ["404 Not Found", "HTTP client error: 404 Not Found"],
    ["500 Internal Server Error", "HTTP server error: 500 Internal Server Error"],
    ["304 Not Modified", "HTTP error: 304 Not Modified"],
  ])("%s is told with its body", async (status, text) => {
    const body = status.startsWith("3") ? "" : '{"error":"why"}';
    const { outcome } = await play({ method: "DELETE" }, answer(status, {}, body));
    const reason = body === "" ? text : `${text}\n${body}`;
    expect(outcome).toEqual({ kind: "failed", description: "DELETE SERVER/te/v1/x", fault: reason });
    expect(printed).toEqual([]);
  });

  test("a server that cannot be reached is told with the cause", async () => {
    const outcome = await run("http://127.0.0.1:1/", {});
    expect(outcome).toMatchObject({ kind: "failed", description: "GET http://127.0.0.1:1/te/v1/x" });
    expect(outcome.kind === "failed" && outcome.fault.cause?.code).toBe("ECONNREFUSED");
  });

  test("a file that cannot be opened makes no request", async () => {
    const { outcome, requests } = await play({ method: "PUT", file: "/nonexistent/f" }, answer("201 Created", {}));
    expect(outcome).toMatchObject({ kind: "failed", fault: expect.stringContaining("ENOENT") });
    expect(requests).toEqual([]);
  });

  test.each(["/other", "te/v1", "http://127.0.0.1/te", ""])("%p is no local URI", async (uri) => {
    const { outcome } = await play({ uri });
    expect(outcome).toMatchObject({
      kind: "failed",
      top: "missing configuration parameter",
      fault: `Not a local HTTP uri: ${uri}`,
    });
  });

  test("configuration that cannot be read is told as it is", async () => {
    const broken = { ...world("http://127.0.0.1:1/"), agent: async () => err(fault("bad-config", "broken")) };
    const outcome = await httpCommand(context(), broken, { method: "GET", uri: "/te" });
    expect(outcome).toMatchObject({ kind: "failed", fault: { message: "broken" } });
  });
});

describe("usage", () => {
  test.each([
    { method: "PUT" },
    { method: "POST", content: "a", data: "b" },
    { method: "PATCH", data: "a", file: "b" },
    { method: "GET", data: "a" },
    { method: "GET", acceptType: "json" },
    { method: "PUT", data: "a", contentType: "text/" },
    { method: "PUT", data: "a", contentType: "a/b/c" },
  ] satisfies Partial<HttpArgs>[])("%j is refused", async (args) => {
    expect((await play(args)).outcome).toMatchObject({ kind: "usage" });
  });
});
