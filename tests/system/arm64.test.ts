import { beforeAll, expect, test } from "bun:test";
import { VERSION } from "../../build/version.ts";
import { connectProbe } from "./world/bus-probe.ts";
import { makeDevice } from "./world/device.ts";
import { executable } from "./world/executable.ts";
import { startMosquitto } from "./world/mosquitto.ts";
import { type RunOptions, runTebus, startTebus } from "./world/run-tebus.ts";

/** The executable for 64-bit ARM, on an emulated processor, with the libraries that Debian's cross packages bring. */
let onArm: RunOptions;

/** Milliseconds; the emulation is some ten times slower than the processor. */
const PATIENCE = 50_000;

beforeAll(async () => {
  onArm = {
    executable: await executable("linux-arm64"),
    prefix: ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"],
    timeout: PATIENCE,
  };
}, 120_000);

test("the executable for ARM tells its version", async () => {
  expect(await runTebus(["tedge", "--version"], onArm)).toEqual({ code: 0, stdout: `tedge ${VERSION}\n`, stderr: "" });
});

test("the executable for ARM writes and reads configuration", async () => {
  await using device = await makeDevice({ mqttPort: 1 });
  const options = { ...onArm, configDir: device.configDir };
  expect(await runTebus(["tedge", "config", "set", "device.type", "arm"], options)).toMatchObject({ code: 0 });
  expect(await runTebus(["tedge", "config", "get", "device.type"], options)).toMatchObject({
    code: 0,
    stdout: "arm\n",
  });
});

test("the agent on ARM joins the bus, and leaves it when it is asked to end", async () => {
  await using broker = await startMosquitto();
  await using probe = await connectProbe(broker.port, ["te/device/main/service/tedge-agent/status/health"]);
  await using device = await makeDevice({ mqttPort: broker.port });
  await using agent = await startTebus(["tedge-agent"], { ...onArm, configDir: device.configDir });
  await probe.waitFor("the agent is up", ({ payload }) => payload.includes('"status":"up"'), PATIENCE);
  expect(await agent.stop()).toBe(0);
  await probe.waitFor("the agent is down", ({ payload }) => payload.includes('"status":"down"'));
});
