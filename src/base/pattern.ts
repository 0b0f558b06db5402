import { type Fault, fault, toFault } from "./fault.ts";
import { err, ok, type Result } from "./result.ts";

/**
 * A regular expression of the configuration, matching anywhere in a text unless it says `^` or `$`. Flags may stand in front as the reference
 * takes them: `(?i)`, `(?m)`, `(?s)`. Code `invalid-pattern`.
 */
export function parsePattern(text: string): Result<RegExp, Fault<"invalid-pattern">> {
  const [prefix = "", flags = ""] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  try {
    return ok(new RegExp(text.slice(prefix.length), [...new Set(flags)].join("")));
  } catch (thrown) {
    return err(fault("invalid-pattern", `Invalid regular expression ${text}`, { cause: toFault(thrown) }));
  }
}
