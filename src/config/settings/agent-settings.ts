import { optional, setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { countsType } from "../types/counts-type.ts";
import { durationType } from "../types/duration-type.ts";
import { countType } from "../types/integer-type.ts";
import { sizeLimitType } from "../types/size-limit-type.ts";
import { pathType, stringType } from "../types/string-type.ts";
import { wordType } from "../types/word-type.ts";

/** `agent.* software.* run.* logs.* tmp.* data.*` (spec/cli-and-config §3.1). */
export const AGENT_SETTINGS = {
  "agent.state.path": setting(pathType, {
    default: "/data/tedge/agent",
    doc: "Directory where the agent keeps its state over restarts",
    note: "When it does not exist, `.agent` in the configuration directory is used",
    examples: ["/data/tedge/agent"],
  }),
  "agent.enable.config_update": setting(booleanType, {
    default: "true",
    doc: "Whether the agent takes config_update operations",
    examples: ["true", "false"],
    exposed: true,
  }),
  "agent.enable.config_snapshot": setting(booleanType, {
    default: "true",
    doc: "Whether the agent takes config_snapshot operations",
    examples: ["true", "false"],
    exposed: true,
  }),
  "agent.enable.log_upload": setting(booleanType, {
    default: "true",
    doc: "Whether the agent takes log_upload operations",
    examples: ["true", "false"],
    exposed: true,
  }),
  "agent.entity_store.auto_register": setting(booleanType, {
    default: "true",
    doc: "Whether entities are registered when they publish without having registered before",
    examples: ["true", "false"],
    exposed: true,
  }),
  "agent.entity_store.clean_start": setting(booleanType, {
    default: "false",
    doc: "Whether the agent forgets its entities on every start and builds the store from retained messages",
    examples: ["true", "false"],
  }),
  "agent.child_files.fetch": setting(wordType(["always", "auto", "never"]), {
    default: "auto",
    doc: "Whether the agent of the main device fetches the files of requests for child devices that have the status prepare",
    note: "auto: unless http.client.host is a loopback address, or the URL has that host, or an address in the network of that host",
    examples: ["auto", "always", "never"],
  }),
  "agent.child_files.timeout": setting(durationType, {
    default: "1h",
    doc: "Time for which a child device may tell no state of a command whose files were fetched for it, before the command fails",
    examples: ["1h", "90s"],
  }),
  "agent.child_files.cache_size": setting(sizeLimitType, {
    default: "10%",
    doc: "Most that fetched files take up while no child device needs them: a size, or a part of the file system that holds them",
    examples: ["10%", "500M", "2GB"],
  }),
} as const;

export const SOFTWARE_SETTINGS = {
  "software.plugin.default": optional(stringType, {
    doc: "Software plugin for modules that name none",
    examples: ["apt"],
  }),
  "software.plugin.max_packages": setting(countType, {
    default: "1000",
    doc: "Most packages of one type that are reported; 0 means all",
    examples: ["1000"],
  }),
  "software.plugin.exclude": optional(stringType, {
    doc: "Regular expression of packages that are not reported",
    examples: ["^(glibc|lib|kernel-|iptables-module).*"],
  }),
  "software.plugin.include": optional(stringType, {
    doc: "Regular expression of packages that are reported although they are excluded",
    examples: ["^(tedge|c8y).*"],
  }),
} as const;

export const STORAGE_SETTINGS = {
  "run.path": setting(pathType, {
    default: "/run",
    doc: "Directory for files of running processes; lock files are in `lock` below it",
    examples: ["/run"],
  }),
  "run.lock_files": setting(booleanType, {
    default: "true",
    doc: "Whether a service holds a lock file so that it runs only once",
    examples: ["true", "false"],
  }),
  "run.log_memory_interval": setting(durationType, {
    default: "0",
    doc: "Time between two log lines on the memory in use; 0 means none",
    examples: ["0", "60s"],
  }),
  "logs.path": setting(pathType, {
    default: "/var/log/tedge",
    doc: "Directory of log files",
    examples: ["/var/log/tedge"],
  }),
  "logs.max_per_operation": setting(countsType, {
    default: "*:5,software_list:1",
    doc: "Workflow logs that are kept, by operation; `*` stands for the others",
    examples: ["*:5,software_list:1"],
  }),
  "tmp.path": setting(pathType, {
    default: "/tmp",
    doc: "Directory for temporary files",
    examples: ["/tmp"],
  }),
  "data.path": setting(pathType, {
    default: "/var/tedge",
    doc: "Directory of transferred files and caches",
    examples: ["/var/tedge"],
  }),
} as const;
