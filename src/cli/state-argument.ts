import { InvalidArgumentError } from "commander";
import { textArgument } from "./json-argument.ts";

type ByState<T> = ReadonlyMap<string, readonly T[]>;

/** `state=text`, repeatable: what was given for each state, in order. */
export function byState(text: string, before: ByState<string>): ByState<string> {
  return collect(text, before, (value) => value);
}

/** `state=text` or `state=@file`. */
export function textByState(text: string, before: ByState<string>): ByState<string> {
  return collect(text, before, textArgument);
}

/** `state=code`, from 0 to 255. */
export function exitCodeByState(text: string, before: ByState<number>): ByState<number> {
  return collect(text, before, (value) => {
    if (/^\d{1,3}$/.test(value) && Number(value) <= 255) return Number(value);
    throw new InvalidArgumentError("An exit code from 0 to 255 is expected");
  });
}

function collect<T>(text: string, before: ByState<T>, read: (value: string) => T): ByState<T> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("A state, = and a value are expected");
  const state = text.slice(0, at);
  return new Map(before).set(state, [...(before.get(state) ?? []), read(text.slice(at + 1))]);
}
