import { exhaustive } from "../../base/exhaustive.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import { addressJson, type CommandState } from "../command.ts";

/** What a path such as `.payload.modules[0].name` points at in the state of a command (spec/operations §4.1). */
export type PathExpression =
  | { readonly kind: "whole" }
  | { readonly kind: "topic"; readonly part?: TopicPart }
  | { readonly kind: "payload"; readonly steps: readonly PathStep[] }
  /** Below `.payload`, but not well-formed: there is never anything there. */
  | { readonly kind: "nowhere" };

/** A key of an object, or an index of an array; negative indexes count from the end. */
export type PathStep = string | number;

export const TOPIC_PARTS = ["root_prefix", "target", "operation", "cmd_id"] as const;
export type TopicPart = (typeof TOPIC_PARTS)[number];

/** Reads the inside of `${…}`; `undefined` when it is not an expression at all. */
export function parsePath(text: string): PathExpression | undefined {
  if (text === ".") return { kind: "whole" };
  if (text === ".topic") return { kind: "topic" };
  const part = TOPIC_PARTS.find((name) => text === `.topic.${name}`);
  if (part !== undefined) return { kind: "topic", part };
  if (text === ".payload") return { kind: "payload", steps: [] };
  if (text.startsWith(".payload[")) return belowPayload([text.slice(".payload".length)]);
  if (text.startsWith(".payload.")) return belowPayload(text.slice(".payload.".length).split("."));
  return undefined;
}

/** Reads a text that is one `${…}` as a whole. */
export function parseWholePath(text: string): PathExpression | undefined {
  const inner = /^\$\{([^}]*)\}$/.exec(text)?.[1];
  return inner === undefined ? undefined : parsePath(inner);
}

/** The value at a path; `undefined` when there is nothing below `.payload`. */
export function evaluatePath(path: PathExpression, command: CommandState): Json | undefined {
  switch (path.kind) {
    case "whole":
      return { topic: command.address.topic, payload: command.payload };
    case "topic":
      return path.part === undefined ? command.address.topic : addressJson(command.address)[path.part];
    case "payload":
      return path.steps.reduce<Json | undefined>(descend, command.payload);
    case "nowhere":
      return undefined;
    default:
      return exhaustive(path);
  }
}

function belowPayload(segments: readonly string[]): PathExpression {
  const steps: PathStep[] = [];
  for (const segment of segments) {
    const parts = /^([^[\]]*)((?:\[-?\d+\])*)$/.exec(segment);
    if (parts === null) return { kind: "nowhere" };
    const [, key = "", indexes = ""] = parts;
    if (key !== "" || indexes === "") steps.push(key);
    for (const [, index] of indexes.matchAll(/\[(-?\d+)\]/g)) steps.push(Number(index));
  }
  return { kind: "payload", steps };
}

function descend(value: Json | undefined, step: PathStep): Json | undefined {
  if (typeof step === "number") return isArray(value) ? value.at(step) : undefined;
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
