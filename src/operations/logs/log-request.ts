import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import type { JsonObject } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";
import { formatRfc3339, parseRfc3339 } from "../../bus/payload/rfc3339.ts";
import type { Timestamp } from "../../bus/payload/timestamp.ts";

/** What a `log_upload` command asks for (spec/operations §7.9). */
export interface LogRequest {
  /** The name of the log, as its plugin knows it. */
  readonly log: string;
  readonly plugin: string;
  /** Unix seconds. */
  readonly since: number;
  readonly until: number;
  /** How many of the newest lines; 0 for all. */
  readonly lines: number;
  /** Empty: every line. */
  readonly searchText: string;
  readonly uploadUrl: string;
  /** The dates as the last state tells them. */
  readonly dates: JsonObject;
}

/** What serves types without `::<plugin>`. */
export const FILE_PLUGIN = "file";

const Text = v.pipe(v.string("must be a text"), v.nonEmpty("must not be empty"));

const Time = v.pipe(
  v.string("must be a text"),
  v.rawTransform(({ dataset, addIssue, NEVER }): Timestamp => {
    const time = parseRfc3339(dataset.value);
    if (time.ok) return time.value;
    addIssue({ message: `must be a date and time as of RFC 3339: ${time.fault.message}` });
    return NEVER;
  }),
);

const COUNT = "must be a number of lines, 0 or more";

const Request = v.looseObject({
  type: v.pipe(Text, v.regex(/^[^\0\r\n]*$/, "must be one line")),
  tedgeUrl: Text,
  dateFrom: Time,
  dateTo: Time,
  lines: v.pipe(v.number(COUNT), v.integer(COUNT), v.minValue(0, COUNT)),
  searchText: v.nullish(v.string("must be a text"), ""),
});

/** Reads the request; the fault's message names the member that is missing or wrong. Code `invalid-request`. */
export function readLogRequest(payload: CommandPayload): Result<LogRequest, Fault<"invalid-request">> {
  const parsed = v.safeParse(Request, payload);
  if (!parsed.success) return err(fault("invalid-request", describe(parsed.issues[0])));
  const { type, tedgeUrl, dateFrom, dateTo, lines, searchText } = parsed.output;
  const at = type.indexOf("::");
  const [log, plugin] = at === -1 ? [type, FILE_PLUGIN] : [type.slice(0, at), type.slice(at + 2)];
  const dates = { ...canonical("dateFrom", dateFrom), ...canonical("dateTo", dateTo) };
  const [since, until] = [dateFrom.seconds, dateTo.seconds];
  return ok({ log, plugin, since, until, lines, searchText: searchText ?? "", uploadUrl: tedgeUrl, dates });
}

/** Nothing for a leap second at the border of what can be written: the text stays as it came. */
function canonical(key: string, time: Timestamp): JsonObject {
  const text = formatRfc3339(time);
  return text.ok ? { [key]: text.value } : {};
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return `Invalid request: ${issue.message}`;
  return `Invalid request: ${path} ${issue.input === undefined ? "is missing" : issue.message}`;
}
