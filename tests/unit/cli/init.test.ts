import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { faultChain } from "../../../src/base/fault.ts";
import { type InitArgs, init } from "../../../src/cli/init.ts";
import { ownUser } from "../base/own-user.ts";
import { recordedLog } from "../http/recorded-log.ts";

let root: string;
let bin: string;
let config: string;
let umask: number;
let log: ReturnType<typeof recordedLog>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tebus-init-"));
  log = recordedLog();
  bin = join(root, "bin");
  config = join(root, "etc", "tedge");
  umask = process.umask(0o077);
  await mkdir(bin);
  await writeFile(join(bin, "tebus"), "");
});

afterEach(async () => {
  process.umask(umask);
  await rm(root, { recursive: true, force: true });
});

async function run(args: Partial<InitArgs> = {}) {
  const outcome = await init(
    { configDirectory: config, clock: systemClock, log },
    {
      user: "",
      group: "",
      isUsualOwner: false,
      relativeLinks: false,
      executable: join(bin, "tebus"),
      logsPath: join(root, "log"),
      dataPath: join(root, "data"),
      agentStatePath: join(root, "state"),
      configurations: true,
      logUploads: true,
      ...args,
    },
  );
  return outcome.kind === "failed" ? faultChain(outcome.fault) : outcome.kind;
}

const mode = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8);

const LINKS = [
  "c8y-firmware-plugin",
  "c8y-remote-access-plugin",
  "tedge",
  "tedge-agent",
  "tedge-apt-plugin",
  "tedge-file-config-plugin",
  "tedge-file-log-plugin",
  "tedge-flows-plugin",
  "tedge-mapper",
  "tedge-watchdog",
  "tedge-write",
];

describe("links", () => {
  test("there is one beside the executable for each name that it answers to", async () => {
    expect(await run()).toBe("done");
    expect((await readdir(bin)).sort()).toEqual([...LINKS.slice(0, 2), "tebus", ...LINKS.slice(2)].sort());
    for (const name of LINKS) expect(await readlink(join(bin, name))).toBe(join(bin, "tebus"));
  });

  test("relative ones hold the bare name of the executable", async () => {
    expect(await run({ relativeLinks: true })).toBe("done");
    expect(await readlink(join(bin, "tedge-agent"))).toBe("tebus");
  });

  test("one that is right is not touched, others and plain files are replaced", async () => {
    await symlink(join(bin, "tebus"), join(bin, "tedge-agent"));
    const { ino } = await lstat(join(bin, "tedge-agent"));
    await symlink("/elsewhere", join(bin, "tedge-mapper"));
    await writeFile(join(bin, "tedge-write"), "a program");
    expect(await run()).toBe("done");
    expect((await lstat(join(bin, "tedge-agent"))).ino).toBe(ino);
    expect(await readlink(join(bin, "tedge-mapper"))).toBe(join(bin, "tebus"));
    expect(await readlink(join(bin, "tedge-write"))).toBe(join(bin, "tebus"));
  });

  test("a program that is called tedge is left alone", async () => {
    await writeFile(join(bin, "tedge"), "another program");
    expect(await run()).toBe("done");
    expect(await readFile(join(bin, "tedge"), "utf8")).toBe("another program");
  });

  test("an executable that is called tedge is not replaced by a link to itself", async () => {
    await writeFile(join(bin, "tedge"), "this program");
    expect(await run({ executable: join(bin, "tedge") })).toBe("done");
    expect(await readFile(join(bin, "tedge"), "utf8")).toBe("this program");
    expect(await readlink(join(bin, "tedge-agent"))).toBe(join(bin, "tedge"));
  });

  test("a directory in the way is told by name", async () => {
    await mkdir(join(bin, "tedge-agent"));
    const chain = await run();
    expect(chain[0]).toBe("Failed to initialize tedge. You have to run tedge with sudo.");
    expect(chain[1]).toBe(`couldn't make the link ${join(bin, "tedge-agent")}`);
    expect((await readdir(bin)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("directories", () => {
  test("they are made with mode 0775, whatever the umask", async () => {
    expect(await run()).toBe("done");
    const inConfig = [
      "",
      "mosquitto-conf",
      "operations",
      "operations/c8y",
      "plugins",
      "sm-plugins",
      "device-certs",
      "mappers",
    ];
    const all = [...inConfig, ".tedge-mapper-c8y", ".agent"].map((name) => join(config, name));
    for (const path of [...all, join(root, "log"), join(root, "data")]) expect(await mode(path)).toBe("775");
  });

  test("the state of the agent is below the configuration only where its own directory is missing", async () => {
    await mkdir(join(root, "state"));
    expect(await run()).toBe("done");
    expect(await mode(join(root, "state"))).toBe("775");
    expect(await readdir(config)).not.toContain(".agent");
  });

  test("a system.toml that is there becomes readable for all", async () => {
    await mkdir(config, { recursive: true });
    await writeFile(join(config, "system.toml"), "");
    expect(await run()).toBe("done");
    expect(await mode(join(config, "system.toml"))).toBe("644");
  });
});

test("the workflows that an agent would install are there, those on configurations only where it manages these", async () => {
  await run({ configurations: false, logUploads: false });
  expect((await readdir(join(config, "operations"))).filter((name) => name.endsWith(".toml"))).toEqual([
    "device_profile.toml",
  ]);
  expect(await readdir(join(config, "plugins"))).toEqual([]);
  await run();
  expect((await readdir(join(config, "operations"))).sort()).toEqual([
    "c8y",
    "config_snapshot.toml",
    "config_snapshot.toml.template",
    "config_update.toml",
    "config_update.toml.template",
    "device_profile.toml",
    "device_profile.toml.template",
  ]);
  expect((await readdir(join(config, "plugins"))).sort()).toEqual([
    "tedge-configuration-plugin.toml",
    "tedge-log-plugin.toml",
  ]);
});

test("a second run changes nothing", async () => {
  const everything = async () => {
    const names = await readdir(root, { recursive: true });
    return Promise.all(
      names.sort().map(async (name) => {
        const { ino, mode: bits, ctimeMs } = await lstat(join(root, name));
        return { name, ino, bits, ctimeMs };
      }),
    );
  };
  expect(await run()).toBe("done");
  const before = await everything();
  expect(await run()).toBe("done");
  expect(await everything()).toEqual(before);
});

test("a repair of modes does not need more than that", async () => {
  expect(await run()).toBe("done");
  await chmod(join(config, "plugins"), 0o700);
  expect(await run()).toBe("done");
  expect(await mode(join(config, "plugins"))).toBe("775");
});

test("the owner is given by name", async () => {
  expect(await run({ user: ownUser() })).toBe("done");
  expect((await stat(config)).uid).toBe(process.getuid?.() ?? -1);
});

describe("an owner that does not exist", () => {
  test("is told before anything is made, with what to do, when somebody chose it", async () => {
    expect(await run({ user: "nobody-here" })).toEqual([
      "no such user: 'nobody-here'",
      "make it, name another with --user or in system.toml, or leave owners alone with --user ''",
    ]);
    expect(await run({ group: "nobody-here" })).toEqual([
      "no such group: 'nobody-here'",
      "make it, name another with --group or in system.toml, or leave it alone with --group ''",
    ]);
    expect(await readdir(bin)).toEqual(["tebus"]);
  });

  test("leaves the owner of the process, with a word on how to have it otherwise, when nobody chose it", async () => {
    expect(await run({ user: "nobody-here", group: "nobody-here", isUsualOwner: true })).toBe("done");
    expect((await stat(config)).uid).toBe(process.getuid?.() ?? -1);
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn: There is no user 'nobody-here': .*useradd .* nobody-here\).*--user/),
    ]);
  });

  test("is no matter when it exists after all", async () => {
    expect(await run({ user: ownUser(), isUsualOwner: true })).toBe("done");
    expect(log.lines).toEqual([]);
  });
});
