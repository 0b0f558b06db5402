import { InvalidArgumentError, Option } from "commander";
import { type Duration, parseDuration } from "../base/duration.ts";
import type { QoS } from "../bus/message.ts";

/** Typed arguments of the command line; what they throw becomes a usage error. */
export function durationArgument(text: string): Duration {
  const duration = parseDuration(text);
  if (!duration.ok) throw new InvalidArgumentError(duration.fault.message);
  return duration.value;
}

export function qosArgument(text: string): QoS {
  switch (text) {
    case "0":
      return 0;
    case "1":
      return 1;
    case "2":
      return 2;
    default:
      throw new InvalidArgumentError("The input QoS should be 0, 1, or 2");
  }
}

/** A whole number from 1 up. */
export function countArgument(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1) {
    throw new InvalidArgumentError("A whole number from 1 up is expected");
  }
  return count;
}

/** How long a visit to the broker tries to connect. */
export function connectionTimeoutOption(): Option {
  return durationOption("--connection-timeout <duration>", "how long to try to connect, 0 is for ever", "10s");
}

/** An option with a duration, `text` unless given. */
export function durationOption(flags: string, description: string, text: string): Option {
  return new Option(flags, description).argParser(durationArgument).default(durationArgument(text), text);
}
