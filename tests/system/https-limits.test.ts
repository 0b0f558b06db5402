import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { type HttpsAgent, startHttpsAgent } from "./https-agent.ts";
import { type AgentAtWork, startAgentAtWork } from "./world/agent-at-work.ts";
import { runToEnd } from "./world/program.ts";
import { waitUntil } from "./world/wait-until.ts";

const MOST = 40;

let secure: HttpsAgent;
let plain: AgentAtWork;

beforeAll(async () => {
  const config = [`http.max_connections = ${MOST}`];
  secure = await startHttpsAgent({ clientCertificates: false, config });
  plain = await startAgentAtWork({ config: [...config, 'http.bind.address = "0.0.0.0"'] });
}, 60_000);

afterAll(async () => {
  await secure?.[Symbol.asyncDispose]();
  await plain?.[Symbol.asyncDispose]();
});

interface Connection extends Disposable {
  readonly isClosed: boolean;
  readonly received: string;
}

/** A connection on which `sent` is sent, and more of `trickle` twice a second. */
function open(port: number, sent: string | Uint8Array, trickle = ""): Connection {
  const socket = connect(port, "127.0.0.1", () => socket.write(sent));
  return watch(socket, trickle);
}

/** The same over TLS. */
function openTls(port: number, sent: string, trickle = ""): Connection {
  const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => socket.write(sent));
  return watch(socket, trickle);
}

function watch(socket: Socket | TLSSocket, trickle: string): Connection {
  let isClosed = false;
  let received = "";
  const timer = setInterval(() => trickle !== "" && !isClosed && socket.write(trickle), 500);
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    isClosed = true;
    clearInterval(timer);
  });
  return {
    get isClosed() {
      return isClosed;
    },
    get received() {
      return received;
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

const HEAD = "GET /te/v1/entities HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
const HELLO_BEGINNING = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3);

const servesBoth = async () => {
  const answers = await Promise.all([
    secure.curl("--http1.1", `${secure.url}/te/v1/entities/device/main//`),
    runToEnd(["curl", "--silent", "--max-time", "10", `${plain.url}/te/v1/entities/device/main//`]),
  ]);
  return answers.every(({ stdout }) => stdout.includes('"@topic-id":"device/main//"'));
};

test("connections that do not get to a request are closed within 15 seconds, and others are served meanwhile", async () => {
  const connections = [secure.device.httpPort, plain.device.httpPort].flatMap((port) => [
    open(port, ""),
    open(port, "G"),
    open(port, HEAD, "x"),
    open(port, "GET / HTTP/1.1\r\nHost: localhost\r\n", "X: y\r\n"),
  ]);
  connections.push(
    open(secure.device.httpPort, HELLO_BEGINNING),
    open(secure.device.httpPort, HELLO_BEGINNING, "x"),
    openTls(secure.device.httpPort, ""),
    openTls(secure.device.httpPort, HEAD, "x"),
  );
  const begun = performance.now();
  expect(await servesBoth()).toBe(true);
  await waitUntil("all are closed", () => connections.every(({ isClosed }) => isClosed), { timeout: 20_000 });
  expect(performance.now() - begun).toBeLessThan(15_000);
  expect(await servesBoth()).toBe(true);
}, 40_000);

describe("more connections than are allowed", () => {
  test.each([
    ["by TLS", () => secure.device.httpPort, openTls],
    ["where other machines can come", () => plain.device.httpPort, open],
  ])(
    "are closed at once, and the server is there again when some have gone: %s",
    async (_what, port, openOne) => {
      const connections = Array.from({ length: 3 * MOST }, () => openOne(port(), HEAD));
      const isOpen = ({ isClosed }: Connection) => !isClosed;
      await waitUntil("no more than allowed are open", () => connections.filter(isOpen).length <= MOST);
      expect(connections.filter(isOpen).length).toBeGreaterThan(MOST / 2);
      for (const connection of connections) connection[Symbol.dispose]();
      await waitUntil("others are served", servesBoth);
    },
    30_000,
  );
});

test("two thousand connections leave nothing behind", async () => {
  const { agent, device } = secure;
  const resident = async () =>
    Number(/RssAnon:\s+(\d+)/.exec(await readFile(`/proc/${agent.pid}/status`, "utf8"))?.[1]) / 1_024;
  const files = async () => Number((await runToEnd(["sh", "-c", `ls /proc/${agent.pid}/fd | wc -l`])).stdout);
  const burst = async (count: number) => {
    for (let done = 0; done < count; done += 20) {
      const some = Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? open(device.httpPort, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
          : openTls(device.httpPort, "GET /te/v1/entities HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      await waitUntil("they are closed", () => some.every(({ isClosed }) => isClosed));
      expect(some.map(({ received }) => received.slice(9, 12))).toEqual(
        some.map((_, index) => (index % 2 === 0 ? "307" : "200")),
      );
    }
  };
  await burst(400);
  const [memory, open_] = [await resident(), await files()];
  await burst(2_000);
  expect(await resident()).toBeLessThan(memory + 16);
  await waitUntil("no file is left open", async () => (await files()) <= open_);
}, 60_000);

describe("a request of a foreign web page", () => {
  const answer = async (...args: readonly string[]) => {
    const url = `http://127.0.0.1:${plain.device.httpPort}/te/v1/files/x`;
    return (await runToEnd(["curl", "--silent", "--write-out", "\n%{http_code}", ...args, url])).stdout;
  };

  test("is refused with what to do, and changes nothing", async () => {
    expect(await answer("--request", "PUT", "--data", "x", "--header", "Origin: http://evil.example")).toBe(
      'Requests of web pages of "http://evil.example" are not accepted. Add the host to http.allowed_hosts to trust it\n403',
    );
    expect(await answer("--user-agent", "Mozilla/5.0", "--header", "Host: evil.example:8000")).toBe(
      'This server is not known as "evil.example". Add the name to http.allowed_hosts if clients shall use it\n421',
    );
    expect(await answer()).toEndWith("\n404");
  });

  test("is none when a device uses a name of its own for the gateway", async () => {
    expect(await answer("--header", "Host: gateway.plant.example", "--request", "PUT", "--data", "x")).toBe("\n201");
  });
});

test("neither had an error to log", () => {
  for (const log of [secure.agent.stderr(), plain.agent.stderr()]) expect(log).not.toContain(" ERROR ");
});
