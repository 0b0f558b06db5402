import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";

/** The values of two settings that must both be set or both be unset, by full name; `undefined` when neither is. Code `half-configured`. */
export function bothOrNone<A, B>(
  first: readonly [name: string, value: A | undefined],
  second: readonly [name: string, value: B | undefined],
): Result<readonly [A, B] | undefined, Fault<"half-configured">> {
  if (first[1] === undefined && second[1] === undefined) return ok(undefined);
  if (first[1] !== undefined && second[1] !== undefined) return ok([first[1], second[1]]);
  const [set, unset] = first[1] === undefined ? [second[0], first[0]] : [first[0], second[0]];
  const message =
    `The thin-edge configuration is invalid. The settings ["${first[0]}", "${second[0]}"] must either all be configured, or all unset. ` +
    `Currently ["${set}"] are set, and ["${unset}"] are unset.`;
  return err(fault("half-configured", message, { detail: { set, unset } }));
}
