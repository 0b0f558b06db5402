import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { describeFault, fault } from "../../../src/base/fault.ts";
import { err, type Result } from "../../../src/base/result.ts";
import { createElevated, type Elevated } from "../../../src/cli/file-config-elevated.ts";
import { createConfiguredService } from "../../../src/cli/file-config-service.ts";
import { createFileConfigPlugin } from "../../../src/cli/tedge-file-config-plugin.ts";
import { ownUser } from "../base/own-user.ts";
import { recordedLog } from "../http/recorded-log.ts";

let root: string;
let log: ReturnType<typeof recordedLog>;
let printed: Buffer[];
const never = new AbortController().signal;
/** Runs what it is given as it is, as `sudo` would. */
const plain = { wrap: async (command: readonly [string, ...string[]]) => command };
/** Root has no more rights to get. */
const none: Elevated = { write: async () => err(fault("not-elevated", "none")) };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tebus-file-plugin-"));
  log = recordedLog();
  printed = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const text = (path: string) => readFileSync(at(path), "utf8");
const mode = (path: string) => (statSync(at(path)).mode & 0o7777).toString(8);

function plugin(elevated: Elevated = none) {
  return createFileConfigPlugin({
    pluginFile: at("plugin.toml"),
    output: (bytes) => printed.push(Buffer.from(bytes)),
    elevated,
    service: createConfiguredService({ configDirectory: root, sudo: plain, signal: never, clock: systemClock }),
    clock: systemClock,
    log,
  });
}

/** Lists files, each as the members of its entry; paths are below the directory of the test. */
function list(...entries: readonly string[]): void {
  writeFileSync(at("plugin.toml"), entries.map((entry) => `[[files]]\n${entry.replaceAll("@", root)}\n`).join(""));
}

/** `system.toml` with these commands of a shell; `{}` is the service. */
function serviceManager(restart: string, isActive = "true"): void {
  const shell = (script: string) => JSON.stringify(["sh", "-c", script, "{}"]);
  const others = ["is_available", "stop", "enable", "disable"].map((name) => `${name} = ["true", "{}"]`);
  const lines = [...others, `restart = ${shell(restart)}`, `is_active = ${shell(isActive)}`];
  writeFileSync(at("system.toml"), `[init]\nname = "test"\n${lines.join("\n")}\n`);
}

const why = (result: Result<unknown>) => (result.ok ? undefined : describeFault(result.fault));

describe("list", () => {
  test("gives all types, sorted, with the one of the list itself", async () => {
    list('path = "@/z"\ntype = "z"', 'path = "/etc/a"');
    expect(await plugin().list()).toEqual(["/etc/a", "tedge-configuration-plugin", "z"]);
  });

  test("gives only the one of the list itself, and a word on it, when the list is missing or has a mistake", async () => {
    expect(await plugin().list()).toEqual(["tedge-configuration-plugin"]);
    list('path = "/a"\nowner = "me"');
    expect(await plugin().list()).toEqual(["tedge-configuration-plugin"]);
    expect(log.lines[0]).toContain(`The config file ${at("plugin.toml")} does not exist or is not readable`);
    expect(log.lines[1]).toContain(`The config file ${at("plugin.toml")} is malformed: files.0.owner`);
  });
});

describe("get", () => {
  test("gives the bytes of the file, piece by piece", async () => {
    const content = Buffer.alloc(3_000_000, "\x00\xff\n", "latin1");
    writeFileSync(at("app"), content);
    list('path = "@/app"\ntype = "app"');
    expect(await plugin().get("app")).toMatchObject({ ok: true });
    expect(Buffer.concat(printed).equals(content)).toBe(true);
    expect(Math.max(...printed.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024);
  });

  test("gives the list itself", async () => {
    list('path = "/a"');
    expect(await plugin().get("tedge-configuration-plugin")).toMatchObject({ ok: true });
    expect(Buffer.concat(printed).toString()).toBe(text("plugin.toml"));
  });

  test("tells what it cannot give", async () => {
    list('path = "@/app"\ntype = "app"', 'path = "@"\ntype = "directory"');
    const undefinedType = "The requested config_type other is not defined in the plugin configuration file.";
    expect(why(await plugin().get("other"))).toBe(undefinedType);
    expect(why(await plugin().get("app"))).toBe(`Config file not found: ${at("app")}`);
    expect(why(await plugin().get("directory"))).toBe(`failed to read: '${root}': Is a directory (os error 21)`);
  });
});

describe("set", () => {
  beforeEach(() => writeFileSync(at("new"), "new content"));

  test("makes a file with the owner and mode that its entry says, in a directory that it makes too", async () => {
    const user = ownUser();
    list(`path = "@/a/b/app"\ntype = "app"\nuser = "${user}"\nmode = 0o640\nparent_mode = 0o700`);
    expect(await plugin().set("app", at("new"))).toEqual({ ok: true, value: {} });
    expect([text("a/b/app"), mode("a/b/app"), mode("a/b"), mode("a")]).toEqual(["new content", "640", "700", "755"]);
    expect(readdirSync(at("a/b"))).toEqual(["app"]);
  });

  test("makes a file with mode 0644 where the entry says nothing", async () => {
    list('path = "@/app"\ntype = "app"');
    await plugin().set("app", at("new"));
    expect(mode("app")).toBe("644");
  });

  test("keeps the mode of a file that is there, whatever its entry says", async () => {
    writeFileSync(at("app"), "old");
    chmodSync(at("app"), 0o4751);
    list('path = "@/app"\ntype = "app"\nmode = 0o600\nuser = "nobody-of-this-name"');
    expect(why(await plugin().set("app", at("new")))).toContain("no such user: 'nobody-of-this-name'");
    list('path = "@/app"\ntype = "app"\nmode = 0o600');
    expect(await plugin().set("app", at("new"))).toMatchObject({ ok: true });
    expect([text("app"), mode("app")]).toEqual(["new content", "4751"]);
  });

  test("tells what it cannot do, and leaves the file", async () => {
    writeFileSync(at("app"), "old");
    list('path = "@/app"\ntype = "app"', 'path = "@/app/below"\ntype = "below"');
    const undefinedType = "The requested config_type other is not defined in the plugin configuration file.";
    expect(why(await plugin().set("other", at("new")))).toBe(undefinedType);
    expect(why(await plugin().set("app", at("none")))).toBe(
      `failed to open source temporary file '${at("none")}': No such file or directory (os error 2)`,
    );
    expect(why(await plugin().set("below", at("new")))).toStartWith("failed to deploy config file from");
    expect(text("app")).toBe("old");
  });

  /** What `tedge-write` would be called with; the program notes it, with what it reads. */
  function noting(exit = 0): Elevated {
    const script = `#!/bin/sh\necho "$@" >>${at("calls")}\ncat >>${at("calls")}\necho 'not allowed' >&2\nexit ${exit}\n`;
    writeFileSync(at("tedge-write"), script);
    chmodSync(at("tedge-write"), 0o755);
    const program = at("tedge-write");
    return createElevated({ program, sudo: plain, isRoot: false, signal: never, clock: systemClock });
  }

  test("has tedge-write make the directory, and the file where this process may not", async () => {
    const members = 'user = "nobody-of-this-name"\ngroup = "g"\nmode = 0o640\nparent_user = "pu"\nparent_mode = 0o755';
    list(`path = "@/a/app"\ntype = "app"\n${members}`);
    expect(await plugin(noting()).set("app", at("new"))).toMatchObject({ ok: true });
    expect(text("calls")).toBe(
      `${at("a")} --create-dirs-only --parent-mode 755 --parent-user pu --parent-group g\n` +
        `${at("a/app")} --mode 640 --user nobody-of-this-name --group g\nnew content`,
    );
  });

  test("makes the directory itself when tedge-write does not, and tells why the file is not written", async () => {
    const user = "nobody-of-this-name";
    list(`path = "@/a/app"\ntype = "app"\nuser = "${user}"\nparent_user = "${ownUser()}"`);
    expect(why(await plugin(noting(1)).set("app", at("new")))).toBe(
      `failed to deploy config file from '${at("new")}' to '${at("a/app")}': ${at("tedge-write")} ${at("a/app")} --user ${user}: not allowed`,
    );
    expect(readdirSync(at("a"))).toEqual([]);
    list(`path = "@/b/app"\ntype = "app"\nparent_user = "${user}"`);
    expect(why(await plugin(noting(1)).set("app", at("new")))).toBe(
      `failed to create parent directories. Path: '${at("b")}': no such user: '${user}'`,
    );
  });

  test("restarts the service that uses the file", async () => {
    serviceManager(`echo "$0" >${at("restarted")}`);
    list('path = "@/app"\ntype = "app"\nservice = "my-app"');
    expect(await plugin().set("app", at("new"))).toEqual({ ok: true, value: {} });
    expect(text("restarted")).toBe("my-app\n");
  });

  test("fails when the service does not restart, and tells what its manager said", async () => {
    serviceManager("echo 'Unit not found' >&2; exit 5");
    list('path = "@/app"\ntype = "app"\nservice = "my-app"');
    const reason = why(await plugin().set("app", at("new")));
    expect(reason).toStartWith("Failed to restart service: my-app: sh -c ");
    expect(reason).toEndWith(": Unit not found");
  });

  test("leaves the agent alone and asks the workflow to restart it", async () => {
    serviceManager(`touch ${at("restarted")}`);
    list('path = "@/app"\ntype = "app"\nservice = "tedge-agent"');
    expect(await plugin().set("app", at("new"))).toEqual({ ok: true, value: { restartAgent: true } });
    expect(existsSync(at("restarted"))).toBe(false);
  });
});

describe("verify", () => {
  test("demands that the service runs, if there is one that is not the agent", async () => {
    serviceManager("true", '[ "$0" = good ]');
    list(
      'path = "/1"\ntype = "good"\nservice = "good"',
      'path = "/2"\ntype = "bad"\nservice = "bad"',
      'path = "/3"\ntype = "agent"\nservice = "tedge-agent"',
      'path = "/4"\ntype = "plain"',
    );
    const verify = async (type: string) => why(await plugin().verify(type));
    expect(await verify("good")).toBeUndefined();
    expect(await verify("bad")).toBe("Service bad is not running");
    expect(await verify("agent")).toBeUndefined();
    expect(await verify("plain")).toBeUndefined();
    expect(await verify("other")).toContain("The requested config_type other is not defined");
  });

  test("tells a system.toml that is broken", async () => {
    writeFileSync(at("system.toml"), "[init");
    list('path = "/1"\ntype = "t"\nservice = "s"');
    expect(why(await plugin().verify("t"))).toContain(
      `Toml syntax error in the system config file '${at("system.toml")}'`,
    );
  });
});
