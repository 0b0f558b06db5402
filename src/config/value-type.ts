import { type Fault, fault } from "../base/fault.ts";
import { err, type Result } from "../base/result.ts";
import type { TomlValue } from "../base/toml.ts";

/** What a value looks like in a file, and in JSON as well. */
export type StoredValue = string | number | boolean | readonly string[];

export type ValueFault = Fault<"invalid-value">;

/** One type of configuration values (spec/cli-and-config §2.4). `print` then `parse` gives the same value. */
export interface ValueType<T> {
  /** For people and forms: `port`, `duration`, `true|false`. */
  readonly name: string;
  /** Reads what a person typed, or the environment holds. */
  parse(text: string): Result<T, ValueFault>;
  print(value: T): string;
  /** Reads what a file holds; stricter than `parse` about the kind of value. */
  fromToml(value: TomlValue): Result<T, ValueFault>;
  toToml(value: T): StoredValue;
  /** The words that `parse` takes, when it takes only these. */
  readonly choices?: readonly string[];
  /** Types with several members: what `config add` and `config remove` do. */
  readonly members?: MemberOperations<T>;
}

export interface MemberOperations<T> {
  add(current: T, more: T): T;
  remove(current: T, less: T): T;
}

export function invalidValue(message: string, cause?: Fault): Result<never, ValueFault> {
  return err(fault("invalid-value", message, cause === undefined ? {} : { cause }));
}

/** The fault for a value of a kind that the type cannot have in a file. */
export function wrongKind(value: TomlValue, expected: string): Result<never, ValueFault> {
  return invalidValue(`invalid type: ${describeKind(value)}, expected ${expected}`);
}

function describeKind(value: TomlValue): string {
  switch (typeof value) {
    case "string":
      return `string ${JSON.stringify(value)}`;
    case "number":
      return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
    case "bigint":
      return `integer \`${value}\``;
    case "boolean":
      return `boolean \`${value}\``;
    default:
      return Array.isArray(value) ? "sequence" : "map";
  }
}
