import * as v from "valibot";
import { type Fault, fault } from "../../base/fault.ts";
import { isJsonObject, type Json, type JsonObject, parseJson, stringifyJson } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { CommandPayload } from "../../bus/payload/command.ts";

/** One command of the board as the file keeps it. */
export interface BoardEntry {
  readonly payload: CommandPayload;
  /** Seconds since the Unix epoch at which the command came into this state. */
  readonly since: number;
}

const PAYLOAD = v.custom<JsonObject>((input) => isJsonObject(input as Json));

const FILE = v.object({
  version: v.literal("V1"),
  commands: v.record(v.string(), v.object({ unix_timestamp: v.number(), status: v.string(), payload: PAYLOAD })),
});

/** Reads the file `workflows` (spec/operations §5); an empty one holds nothing. Code `invalid-board`. */
export function parseBoard(text: string): Result<ReadonlyMap<string, BoardEntry>, Fault<"invalid-board">> {
  if (text.trim() === "") return ok(new Map());
  const json = parseJson(text);
  if (!json.ok) return err(fault("invalid-board", "Not JSON", { cause: json.fault }));
  const file = v.safeParse(FILE, json.value);
  if (!file.success) return err(fault("invalid-board", file.issues[0].message));
  const entries = Object.entries(file.output.commands).map(
    ([topic, { unix_timestamp: since, status, payload }]) =>
      [topic, { payload: { ...payload, status }, since }] as const,
  );
  return ok(new Map(entries));
}

/** Commands keep their order. */
export function formatBoard(entries: Iterable<readonly [topic: string, entry: BoardEntry]>): string {
  const commands = Object.fromEntries(
    [...entries].map(([topic, { payload, since }]) => [
      topic,
      { unix_timestamp: since, status: payload.status, payload },
    ]),
  );
  return stringifyJson({ version: "V1", commands });
}
