import { describe, expect, test } from "bun:test";
import { expectAtWork, linesWith } from "./world/agent-at-work.ts";
import { curl } from "./world/curl.ts";
import { makeDevice } from "./world/device.ts";
import { freePort } from "./world/free-port.ts";
import { startMosquitto } from "./world/mosquitto.ts";
import { runTebus, startTebus } from "./world/run-tebus.ts";
import { serveTcp } from "./world/tcp-server.ts";
import { waitUntil } from "./world/wait-until.ts";

const AGENT = ["run", "tedge-agent"];
const NO_CONNECTION = "mqtt: No connection to the broker: ";
/** Milliseconds within which a process is to end that was told to. */
const AT_ONCE = 2_000;

function nothing(): void {}

/** Sends SIGTERM and gives the exit code; throws when it does not end at once. */
async function stopAtOnce(agent: Awaited<ReturnType<typeof startTebus>>): Promise<number> {
  const began = performance.now();
  const code = await agent.stop();
  const took = performance.now() - began;
  if (took > AT_ONCE) throw new Error(`It ended only after ${Math.round(took)} ms: ${agent.stderr()}`);
  return code;
}

describe("an HTTP port that is taken", () => {
  const REMEDY =
    "Address already in use (os error 98); end the program that listens there, or choose another `http.bind.port`";

  test("ends an agent that runs alone with 1, naming the address and what to do", async () => {
    await using broker = await startMosquitto();
    await using device = await makeDevice({ mqttPort: broker.port });
    await using _holder = await serveTcp(nothing, device.httpPort);
    const { code, stderr } = await runTebus(AGENT, device);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `supervisor: crashed; Binding file-transfer server to 127.0.0.1:${device.httpPort}: ${REMEDY}\n`,
    );
  });

  test("is tried again under `run all`, which comes up once the port is free", async () => {
    await using broker = await startMosquitto();
    await using device = await makeDevice({ mqttPort: broker.port });
    const holder = await serveTcp(nothing, device.httpPort);
    await using agent = await startTebus(["run", "all"], device);
    await agent.waitForLog(
      `supervisor: crashed; restarting in 1s: Binding file-transfer server to 127.0.0.1:${device.httpPort}`,
    );
    expect(agent.stderr()).toContain(REMEDY);
    await holder.stop();
    await agent.waitForLog("supervisor: up");
    await expectAtWork({ broker, agent, url: `http://127.0.0.1:${device.httpPort}` });
    expect(await agent.stop()).toBe(0);
  });
});

describe("a broker that is absent", () => {
  test("is told of once and waited for, while HTTP answers; when it appears, all works", async () => {
    const port = await freePort();
    await using device = await makeDevice({ mqttPort: port });
    await using agent = await startTebus(AGENT, device);
    const url = `http://127.0.0.1:${device.httpPort}`;
    await agent.waitForLog(
      `WARN ${NO_CONNECTION}127.0.0.1:${port}: nothing listens there: connect ECONNREFUSED 127.0.0.1:${port}; trying again until there is one`,
    );
    expect(await curl(`${url}/te/v1/entities`)).toBe('[{"@topic-id":"device/main//","@type":"device"}]');
    await using broker = await startMosquitto({ port });
    await agent.waitForLog("supervisor: up");
    expect(linesWith(agent.stderr(), NO_CONNECTION)).toHaveLength(1);
    await expectAtWork({ broker, agent, url });
    await broker.kill();
    await waitUntil("the loss is told too", () => linesWith(agent.stderr(), NO_CONNECTION).length >= 2);
    await broker.start();
    await waitUntil("it is back", () => linesWith(agent.stderr(), "mqtt: Connected to ").length >= 2);
    await expectAtWork({ broker, agent, url });
    expect(await agent.stop()).toBe(0);
  });

  test("does not keep SIGTERM from ending the agent at once with 0", async () => {
    await using device = await makeDevice({ mqttPort: await freePort() });
    await using agent = await startTebus(AGENT, device);
    await agent.waitForLog(NO_CONNECTION);
    expect(await stopAtOnce(agent)).toBe(0);
  });
});

describe("a broker port where something else listens", () => {
  const NO_BROKER = {
    "an HTTP server": Buffer.from("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
    "an SSH server": Buffer.from("SSH-2.0-OpenSSH_9.2\r\n"),
    zeros: Buffer.alloc(100),
  };

  test.each(Object.entries(NO_BROKER))("is told as such: %s", async (_what, answer) => {
    await using other = await serveTcp((socket) => socket.write(answer));
    await using device = await makeDevice({ mqttPort: other.port });
    await using agent = await startTebus(AGENT, device);
    await agent.waitForLog(`${NO_CONNECTION}127.0.0.1:${other.port}: what listens there does not speak MQTT`);
    expect(await curl(`http://127.0.0.1:${device.httpPort}/te/v1/entities`)).toContain("device/main//");
    expect(await stopAtOnce(agent)).toBe(0);
  });

  test.concurrent("and closes each connection fills no log, however often it is tried: a line at each change", async () => {
    await using closing = await serveTcp((socket) => socket.end());
    await using device = await makeDevice({ mqttPort: closing.port });
    await using agent = await startTebus(AGENT, device);
    await waitUntil("it was tried three times", () => closing.connections() >= 3, { timeout: 20_000 });
    expect(linesWith(agent.stderr(), NO_CONNECTION)).toHaveLength(1);
    expect(linesWith(agent.stderr(), NO_CONNECTION)[0]).toContain("the broker closed the connection without an answer");
    await closing.stop();
    await agent.waitForLog("nothing listens there", 20_000);
    expect(linesWith(agent.stderr(), NO_CONNECTION)).toHaveLength(2);
    expect(await stopAtOnce(agent)).toBe(0);
  });

  test.concurrent("and is silent is given up after 10 s and tried again; SIGTERM ends the wait at once", async () => {
    await using silent = await serveTcp(nothing);
    await using device = await makeDevice({ mqttPort: silent.port });
    await using agent = await startTebus(AGENT, device);
    await agent.waitForLog(
      `${NO_CONNECTION}127.0.0.1:${silent.port}: what listens there did not answer like an MQTT broker within 10 s`,
      15_000,
    );
    await waitUntil("it is tried again", () => silent.connections() >= 2);
    expect(await stopAtOnce(agent)).toBe(0);
  });
});
