import { setting } from "../setting.ts";
import { booleanType } from "../types/boolean-type.ts";
import { durationType } from "../types/duration-type.ts";
import { bytesType } from "../types/integer-type.ts";

/** `flows.*` (spec/cli-and-config §3.1). */
export const FLOWS_SETTINGS = {
  "flows.memory.heap_size": setting(bytesType, {
    default: "16777216",
    doc: "Most memory that the scripts of one mapper may hold, in bytes",
    examples: ["16777216"],
  }),
  "flows.memory.stack_size": setting(bytesType, {
    default: "262144",
    doc: "Size of the stack of scripts, in bytes",
    examples: ["262144"],
  }),
  "flows.stats.interval": setting(durationType, {
    default: "1h",
    doc: "Time between two publications of the statistics of flows",
    examples: ["1h"],
  }),
  "flows.stats.on_message": setting(booleanType, {
    default: "false",
    doc: "Whether statistics of the handling of single messages are published",
    examples: ["true", "false"],
  }),
  "flows.stats.on_interval": setting(booleanType, {
    default: "false",
    doc: "Whether statistics of interval handlers are published",
    examples: ["true", "false"],
  }),
  "flows.stats.on_startup": setting(booleanType, {
    default: "false",
    doc: "Whether statistics of start handlers are published",
    examples: ["true", "false"],
  }),
  "flows.params.keep_on_delete": setting(booleanType, {
    default: "false",
    doc: "Whether `params.toml` stays when its flow is removed",
    examples: ["true", "false"],
  }),
} as const;
