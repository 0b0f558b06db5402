import type { Fault } from "./fault.ts";

/** What an operation that is expected to fail sometimes gives back: a value, or a fault as data. Bugs throw instead. */
export type Result<T, F = Fault> = Ok<T> | Err<F>;

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err<F> {
  readonly ok: false;
  readonly fault: F;
}

export function ok(): Ok<undefined>;
export function ok<T>(value: T): Ok<T>;
export function ok<T>(value?: T): Ok<T | undefined> {
  return { ok: true, value };
}

export function err<F>(fault: F): Err<F> {
  return { ok: false, fault };
}
