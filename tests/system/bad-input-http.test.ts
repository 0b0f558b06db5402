import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type AgentAtWork, expectAtWork, linesWith, startAgentAtWork } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { runToEnd } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

let agent: AgentAtWork;

beforeAll(async () => {
  agent = await startAgentAtWork();
});

afterAll(async () => {
  await agent[Symbol.asyncDispose]();
});

/** A connection to the HTTP server on which anything can be sent. */
interface RawConnection extends Disposable {
  readonly socket: Socket;
  received(): string;
  readonly isClosed: boolean;
}

async function openRaw(sent: string | Uint8Array): Promise<RawConnection> {
  const socket = connect(agent.device.httpPort, "127.0.0.1");
  let received = "";
  let isClosed = false;
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("close", () => {
    isClosed = true;
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(sent);
  return {
    socket,
    received: () => received,
    get isClosed() {
      return isClosed;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Sends bytes and gives the first line of the answer, once the server has closed the connection. */
async function firstLine(sent: string | Uint8Array): Promise<string> {
  using connection = await openRaw(sent);
  await waitUntil("the server closes the connection", () => connection.isClosed);
  return connection.received().split("\r\n", 1)[0] ?? "";
}

const PUT = (name: string, ...headers: readonly string[]) =>
  [`PUT /te/v1/files/${name} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");

const GARBAGE: Readonly<Record<string, string | Uint8Array>> = {
  "bytes of every value": Uint8Array.from({ length: 1_024 }, (_, index) => index % 256),
  zeros: new Uint8Array(100),
  "a TLS handshake": Buffer.from(`1603010200010001fc0303${"61".repeat(100)}`, "hex"),
  "an MQTT CONNECT": Buffer.from("100c00044d5154540402003c0000", "hex"),
  "a method alone": "GET\r\n\r\n",
  "no Host": "GET / HTTP/1.1\r\n\r\n",
  "bytes that are no method": Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(" / HTTP/1.1\r\n\r\n")]),
  "a negative length": `${PUT("bad", "Content-Length: -1")}abc`,
  "two lengths": `${PUT("bad", "Content-Length: 3", "Content-Length: 5")}abcde`,
  "a length and chunks": `${PUT("bad", "Content-Length: 3", "Transfer-Encoding: chunked")}5\r\nabcde\r\n0\r\n\r\n`,
  "a chunk without length": `${PUT("bad", "Transfer-Encoding: chunked")}zz\r\nabcde`,
};

test.each(Object.entries(GARBAGE))("what is no HTTP is answered 400 and cut off: %s", async (_what, sent) => {
  expect(await firstLine(sent)).toBe("HTTP/1.1 400 Bad Request");
  await expectAtWork(agent);
  expect(await storedFiles()).toEqual([]);
});

test("headers of 200 kB are answered 431", async () => {
  expect(await firstLine(`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(200_000)}\r\n\r\n`)).toStartWith(
    "HTTP/1.1 431 ",
  );
  await expectAtWork(agent);
});

/** Names in the file store, but for those that `expectAtWork` makes. */
async function storedFiles(): Promise<readonly string[]> {
  const names = await readdir(join(agent.device.dataDir, "file-transfer"), { recursive: true });
  return names.filter((name) => !name.startsWith("works-"));
}

describe("a body that is shorter than its length says", () => {
  test("leaves no file, keeps the old one, and is logged", async () => {
    await curl("--request", "PUT", "--data-binary", "old", `${agent.url}/te/v1/files/kept`);
    for (const name of ["new/short", "kept"]) {
      const connection = await openRaw(`${PUT(name, "Content-Length: 100")}abc`);
      await waitUntil("the upload has begun", async () =>
        (await storedFiles()).some((file) => !["kept", "new"].includes(file)),
      );
      connection.socket.destroy();
      await agent.agent.waitForLog(`Request to upload to "${name}" failed: The content broke off`);
    }
    await waitUntil("nothing else is left", async () => (await storedFiles()).join() === "kept");
    expect(await curl(`${agent.url}/te/v1/files/kept`)).toBe("old");
    await curl("--request", "DELETE", `${agent.url}/te/v1/files/kept`);
    await expectAtWork(agent);
  });

  test("about an entity changes nothing", async () => {
    const head = [
      "PUT /te/v1/entities/device/main///twin/x HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/json",
      "Content-Length: 100",
      "",
      "",
    ];
    const connection = await openRaw(`${head.join("\r\n")}"abc"`);
    connection.socket.end();
    await waitUntil("the server closes the connection", () => connection.isClosed);
    expect(connection.received()).not.toContain("200 OK");
    await expectAtWork(agent);
    expect(await curl(`${agent.url}/te/v1/entities/device/main///twin`)).not.toContain('"x"');
  });
});

test("20 clients that never end their requests keep nobody from being served", async () => {
  const beginnings = [
    "",
    "G",
    "GET /te/v1/ent",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX-a: ",
    `${PUT("slow", "Content-Length: 1000000")}a`,
  ];
  const slow = await Promise.all(
    Array.from({ length: 20 }, (_, index) => openRaw(beginnings[index % beginnings.length] ?? "")),
  );
  for (let round = 0; round < 5; round += 1) {
    for (const { socket } of slow) socket.write("x");
    await expectAtWork(agent);
  }
  expect(slow.filter(({ isClosed }) => isClosed)).toEqual([]);
  for (const connection of slow) connection[Symbol.dispose]();
  await waitUntil("nothing of them is left", async () => (await storedFiles()).length === 0);
  await expectAtWork(agent);
});

describe("a request about entities that makes no sense", () => {
  const TWIN = "entities/device/main///twin";
  const CASES: Readonly<
    Record<string, readonly [request: string, body: string | Uint8Array, status: string, why: string]>
  > = {
    "invalid JSON": ["POST entities", "{bad", "400", "key must be a string at line 1 column 2"],
    "no body": ["POST entities", "", "400", "EOF while parsing a value"],
    "a wildcard": [
      "POST entities",
      '{"@type":"child-device","@topic-id":"device/+//"}',
      "422",
      "must be a valid MQTT topic",
    ],
    "five segments": [
      "POST entities",
      '{"@type":"child-device","@topic-id":"a/b/c/d/e"}',
      "422",
      "has at most 4 segments",
    ],
    "an unknown type": [
      "POST entities",
      '{"@type":"nosuch","@topic-id":"device/a//"}',
      "422",
      "unknown variant `nosuch`, expected one of `device`, `child-device`, `service`",
    ],
    "a parent that is not there": [
      "POST entities",
      '{"@type":"child-device","@topic-id":"device/a//","@parent":"device/none//"}',
      "400",
      "device/none//",
    ],
    "no UTF-8": [`PUT ${TWIN}/x`, Buffer.from([0x22, 0xff, 0x22]), "400", "didn't contain valid UTF-8"],
    "more than a megabyte": [`PUT ${TWIN}/x`, `"${"x".repeat(1_048_577)}"`, "413", "length limit exceeded"],
    "a key that is none": [`PUT ${TWIN}/@x`, "1", "400", "or starting with '@' are not allowed"],
    "an unknown entity": ["PUT entities/device/none///twin/x", "1", "404", "device/none//"],
    "a URL that is no UTF-8": ["PATCH entities/%ff", "{}", "400", "Invalid UTF-8 in `path`"],
  };

  test.each(Object.entries(CASES))("is answered with why: %s", async (_what, [request, body, status, why]) => {
    const file = join(agent.device.root, "body");
    await writeFile(file, body);
    const [method = "", path = ""] = request.split(" ");
    const what = ["--request", method, "--header", "content-type: application/json", "--data-binary", `@${file}`];
    const command = ["curl", "--silent", ...what, "--write-out", "\n%{http_code}", `${agent.url}/te/v1/${path}`];
    const answer = (await runToEnd(command)).stdout.split("\n");
    expect([answer.at(-1), answer[0]]).toEqual([status, expect.stringContaining(why)]);
    await expectAtWork(agent);
  });

  test("by its method or path is answered 405 or 404", async () => {
    const ask = async (...args: readonly string[]) =>
      (await runToEnd(["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", ...args])).stdout;
    expect(await ask("--request", "DELETE", `${agent.url}/te/v1/entities`)).toBe("405");
    expect(await ask(`${agent.url}/nosuch`)).toBe("404");
    expect(linesWith(agent.agent.stderr(), " ERROR ").filter((line) => !line.includes("broke off"))).toEqual([]);
  });
});
