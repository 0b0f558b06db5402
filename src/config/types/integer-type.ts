import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** A port that may be 0, which lets the system choose one. */
export const portType = integerType("port", 0, 65_535);
export const nonZeroPortType = integerType("port", 1, 65_535);
export const countType = integerType("number", 0, 2 ** 32 - 1);
export const bytesType = integerType("bytes", 0, Number.MAX_SAFE_INTEGER);

const PAYLOAD_LIMIT = { least: 1, most: 268_435_455 };

/** The largest message that may go to a cloud, in bytes (spec/mqtt-api §14.4). */
export const payloadLimitType: ValueType<number> = {
  ...integerType("bytes", PAYLOAD_LIMIT.least, PAYLOAD_LIMIT.most),
  parse(text) {
    const number = parseInteger(text, PAYLOAD_LIMIT.least, PAYLOAD_LIMIT.most);
    return number.ok ? number : refusedLimit(text);
  },
  fromToml(value) {
    if (typeof value !== "number") return wrongKind(value, "u32");
    return inRange(value, PAYLOAD_LIMIT.least, PAYLOAD_LIMIT.most) ? ok(value) : refusedLimit(String(value));
  },
};

/** Whole numbers of `least`..`most`, which is at most 2^53 - 1. */
function integerType(name: string, least: number, most: number): ValueType<number> {
  return {
    name,
    parse: (text) => parseInteger(text, least, most),
    print: String,
    fromToml(value) {
      if (typeof value !== "number" || !Number.isInteger(value)) return wrongKind(value, "an integer");
      if (inRange(value, least, most)) return ok(value);
      return invalidValue(`invalid value: integer \`${value}\`, expected ${least}..${most}`);
    },
    toToml: (value) => value,
  };
}

function parseInteger(text: string, least: number, most: number): Result<number, ValueFault> {
  if (text === "") return invalidValue("cannot parse integer from empty string");
  if (!/^\+?\d+$/.test(text)) return invalidValue("invalid digit found in string");
  const number = Number(text);
  if (number > most) return invalidValue("number too large to fit in target type");
  if (number < least) return invalidValue("number would be zero for non-zero type");
  return ok(number);
}

function inRange(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function refusedLimit(text: string): Result<never, ValueFault> {
  return invalidValue(
    `Invalid MQTT payload size limit: ${text}. Provide a value between 0 and ${PAYLOAD_LIMIT.most} bytes`,
  );
}
