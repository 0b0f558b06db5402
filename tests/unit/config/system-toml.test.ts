import { describe, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { availabilityCommand, serviceCommand } from "../../../src/config/service-command.ts";
import {
  DEFAULT_SYSTEM,
  loadSystemToml,
  parseSystemToml,
  systemTomlOrDefaults,
} from "../../../src/config/system-toml.ts";
import { ConfigDirectory, removeConfigDirectories } from "./config-directory.ts";

removeConfigDirectories();

const OPENRC = `
user = "me"
other = 1
[init]
name = "OpenRC"
is_available = ["/sbin/rc-service", "-l"]
restart = ["/sbin/rc-service", "{}", "restart"]
stop = ["/sbin/rc-service", "stop-{}-now-{}"]
enable = ["/sbin/rc-update", "add"]
disable = []
is_active = ["/sbin/rc-service", "{}", "status"]
[system]
reboot = ["kill", "-15", "1"]
[log]
tedge-agent = "DEBUG"
`;

function parsed(text: string) {
  const system = parseSystemToml("/etc/tedge/system.toml", text);
  if (!system.ok) throw new Error(system.fault.message);
  return system.value;
}

function refusal(text: string): string {
  const system = parseSystemToml("/etc/tedge/system.toml", text);
  return system.ok ? "accepted" : system.fault.message;
}

describe("system.toml", () => {
  test("may be missing, and then systemd and the user tedge are meant", async () => {
    const directory = await ConfigDirectory.make();
    await directory.write("system.toml", "");
    expect(await loadSystemToml(directory.path)).toEqual({ ok: true, value: DEFAULT_SYSTEM });
    expect(await loadSystemToml(directory.file("nowhere"))).toEqual({ ok: true, value: DEFAULT_SYSTEM });
    expect(DEFAULT_SYSTEM.user).toBe("tedge");
    expect(DEFAULT_SYSTEM.init.isActive).toEqual(["/bin/systemctl", "is-active", "{}"]);
  });

  test("names user, service manager, reboot and levels; what is left out has its default", () => {
    const system = parsed(OPENRC);
    expect([system.user, system.group, system.init.name]).toEqual(["me", "tedge", "OpenRC"]);
    expect(system.init.start).toEqual(system.init.restart);
    expect(system.system).toEqual({ reboot: ["kill", "-15", "1"], rebootTimeoutSeconds: 120 });
    expect(system.log).toEqual({ "tedge-agent": "debug" });
    expect(parsed('user = ""').user).toBe("");
  });

  test.each([
    ["user = ", "TOML parse error at line 1"],
    [`${OPENRC}[init.more]\nx = 1`, "init.more: "],
    [OPENRC.replace(/^stop.*$/m, ""), "init.stop: "],
    ["[system]\nreboot_timeout_seconds = 5", "system.reboot: "],
    ["[system]\nreboot = []\nwhat = 1", "system.what: "],
    ['[service_actions]\nreload = "systemctl"', "service_actions.reload: "],
    ['[log]\ntedge = "loud"', 'Invalid log level: "loud", supported levels are info, warn, error and debug'],
  ])("%p is refused", (text, reason) => {
    expect(refusal(text)).toStartWith("Toml syntax error in the system config file '/etc/tedge/system.toml': ");
    expect(refusal(text)).toContain(reason);
  });

  test("that is broken or unreadable counts as all defaults, with a warning, for those who can go on", async () => {
    const directory = await ConfigDirectory.make();
    await directory.write("system.toml", 'user = "me"\ngroup = 5\n');
    const warnings: string[] = [];
    expect(await systemTomlOrDefaults(directory.path, (text) => warnings.push(text))).toBe(DEFAULT_SYSTEM);
    const other = await ConfigDirectory.make();
    await mkdir(other.file("sub/system.toml"), { recursive: true });
    expect(await systemTomlOrDefaults(other.file("sub"), (text) => warnings.push(text))).toBe(DEFAULT_SYSTEM);
    expect(warnings.map((text) => text.split(" ", 3).join(" "))).toEqual(["Toml syntax error", "failed to read"]);
  });
});

describe("the command of a service", () => {
  const { init } = parsed(OPENRC);

  test("has the name of the service wherever the placeholder stands, as it is", () => {
    expect(serviceCommand(init, "restart", "tedge-mapper-c8y@$&", "/etc/tedge")).toEqual({
      ok: true,
      value: { program: "/sbin/rc-service", args: ["tedge-mapper-c8y@$&", "restart"] },
    });
    expect(serviceCommand(init, "stop", "x", "/etc/tedge")).toMatchObject({
      ok: true,
      value: { args: ["stop-x-now-x"] },
    });
    expect(serviceCommand(init, "is_active", "x", "/etc/tedge")).toMatchObject({
      ok: true,
      value: { args: ["x", "status"] },
    });
    expect(availabilityCommand(init, "/etc/tedge")).toEqual({
      ok: true,
      value: { program: "/sbin/rc-service", args: ["-l"] },
    });
  });

  test("without placeholder or without words is refused, with the file to check", () => {
    const enable = serviceCommand(init, "enable", "x", "/etc/tedge");
    expect(enable.ok ? "" : enable.fault.message).toBe(
      "Syntax error in the system config file for 'enable': A placeholder '{}' is missing.\nCheck '/etc/tedge/system.toml' file.",
    );
    const disable = serviceCommand(init, "disable", "x", "/etc/tedge");
    expect(disable.ok ? "" : disable.fault.message).toStartWith(
      "Syntax error in the system config file for 'disable': Requires 1 or more arguments.",
    );
  });
});
