import type { Fault } from "../base/fault.ts";
import type { Span } from "../base/toml-place.ts";

export type MistakeCode = "syntax" | "misplaced-item" | "missing" | "invalid-rule" | "invalid-reference";

/** What is wrong with a value of a rule file. */
export interface Mistake extends Fault<MistakeCode> {
  /** Which part of the string; without it the whole value is meant. */
  readonly span?: Span;
  /** What to do about it. */
  readonly note?: string;
}

export function mistake(code: MistakeCode, message: string, span?: Span, note?: string): Mistake {
  return { code, message, ...(span === undefined ? {} : { span }), ...(note === undefined ? {} : { note }) };
}

/** The same mistake with the place where it was made in front of its text. */
export function inFront(place: string, made: Mistake): Mistake {
  return { ...made, message: `${place}${made.message}` };
}
