import { join } from "node:path";
import * as v from "valibot";
import { readText } from "../base/atomic-file.ts";
import { type Fault, fault } from "../base/fault.ts";
import { LOG_LEVELS, type LogLevel } from "../base/log.ts";
import { osErrorText } from "../base/os-error.ts";
import { err, ok, type Result } from "../base/result.ts";
import { parseToml } from "../base/toml.ts";

/** What `system.toml` says about the machine: who owns files, how services are managed, how it reboots (spec/cli-and-config §6). */
export interface SystemConfig {
  /** Empty: files stay with the owner of the process. */
  readonly user: string;
  readonly group: string;
  readonly init: InitConfig;
  /** What else can be done to services, by name of the action: commands as in `init`. The reference passes over this table. */
  readonly serviceActions: Readonly<Record<string, readonly string[]>>;
  readonly system: {
    readonly reboot: readonly string[];
    readonly rebootTimeoutSeconds: number;
  };
  /** Levels by name of the service. */
  readonly log: Readonly<Record<string, LogLevel>>;
}

/** How the service manager is called; `{}` stands for the service. */
export interface InitConfig {
  readonly name: string;
  readonly isAvailable: readonly string[];
  readonly restart: readonly string[];
  readonly start: readonly string[];
  readonly stop: readonly string[];
  readonly enable: readonly string[];
  readonly disable: readonly string[];
  readonly isActive: readonly string[];
}

export type SystemTomlFault = Fault<"invalid-system-toml" | "unreadable-system-toml">;

const SYSTEMD: InitConfig = {
  name: "systemd",
  isAvailable: ["/bin/systemctl", "--version"],
  restart: ["/bin/systemctl", "restart", "{}"],
  start: ["/bin/systemctl", "start", "{}"],
  stop: ["/bin/systemctl", "stop", "{}"],
  enable: ["/bin/systemctl", "enable", "{}"],
  disable: ["/bin/systemctl", "disable", "{}"],
  isActive: ["/bin/systemctl", "is-active", "{}"],
};

export const DEFAULT_SYSTEM: SystemConfig = {
  user: "tedge",
  group: "tedge",
  init: SYSTEMD,
  serviceActions: {},
  system: { reboot: ["init", "6"], rebootTimeoutSeconds: 120 },
  log: {},
};

const Words = v.array(v.string());

const InitTable = v.strictObject({
  name: v.string(),
  is_available: Words,
  restart: Words,
  start: v.optional(Words),
  stop: Words,
  enable: Words,
  disable: Words,
  is_active: Words,
});

const SystemTable = v.strictObject({
  reboot: Words,
  reboot_timeout_seconds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

const Level = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): LogLevel => {
    const level = LOG_LEVELS.find((one) => one === dataset.value.toLowerCase());
    if (level !== undefined) return level;
    addIssue({
      message: `Invalid log level: ${JSON.stringify(dataset.value)}, supported levels are info, warn, error and debug`,
    });
    return NEVER;
  }),
);

const SystemToml = v.looseObject({
  user: v.optional(v.string()),
  group: v.optional(v.string()),
  init: v.optional(InitTable),
  service_actions: v.optional(v.record(v.string(), Words)),
  system: v.optional(SystemTable),
  log: v.optional(v.record(v.string(), Level)),
});

export function systemTomlPath(directory: string): string {
  return join(directory, "system.toml");
}

/** Reads `system.toml`; without one the defaults hold. The fault says what is wrong with the file. */
export async function loadSystemToml(directory: string): Promise<Result<SystemConfig, SystemTomlFault>> {
  const path = systemTomlPath(directory);
  const text = await readText(path);
  if (text.ok) return parseSystemToml(path, text.value);
  if (text.fault.code === "not-found") return ok(DEFAULT_SYSTEM);
  const message = `failed to read ${path}: ${osErrorText(text.fault)}`;
  return err(fault("unreadable-system-toml", message));
}

/** The same for readers that go on with all defaults when the file is broken. */
export async function systemTomlOrDefaults(directory: string, warn: (text: string) => void): Promise<SystemConfig> {
  const loaded = await loadSystemToml(directory);
  if (loaded.ok) return loaded.value;
  warn(`${loaded.fault.message}; going on with the defaults`);
  return DEFAULT_SYSTEM;
}

/** Reads the text of `system.toml`; `path` is for the messages. */
export function parseSystemToml(path: string, text: string): Result<SystemConfig, Fault<"invalid-system-toml">> {
  const table = parseToml(text);
  if (!table.ok) return err(broken(path, table.fault.message));
  const parsed = v.safeParse(SystemToml, table.value);
  if (!parsed.success) return err(broken(path, parsed.issues.map(describeIssue).join("; ")));
  const { user, group, init, service_actions, system, log } = parsed.output;
  return ok({
    user: user ?? DEFAULT_SYSTEM.user,
    group: group ?? DEFAULT_SYSTEM.group,
    init: init === undefined ? SYSTEMD : asInit(init),
    serviceActions: service_actions ?? {},
    system: system === undefined ? DEFAULT_SYSTEM.system : asSystem(system),
    log: log ?? {},
  });
}

function asInit(table: v.InferOutput<typeof InitTable>): InitConfig {
  const { name, restart, stop, enable, disable } = table;
  const start = table.start ?? restart;
  return { name, isAvailable: table.is_available, restart, start, stop, enable, disable, isActive: table.is_active };
}

function asSystem(table: v.InferOutput<typeof SystemTable>): SystemConfig["system"] {
  const rebootTimeoutSeconds = table.reboot_timeout_seconds ?? DEFAULT_SYSTEM.system.rebootTimeoutSeconds;
  return { reboot: table.reboot, rebootTimeoutSeconds };
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}

function broken(path: string, reason: string): Fault<"invalid-system-toml"> {
  return fault("invalid-system-toml", `Toml syntax error in the system config file '${path}': ${reason}`);
}
