import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Reads the name of a cloud profile; lower-cased, since `Prod` and `prod` are the same (spec/cli-and-config §2.3). */
export function parseProfileName(text: string): Result<string, Fault<"invalid-profile-name">> {
  if (text === "") return refused("Profile names cannot be empty");
  if (!/^[\p{L}\p{N}_-]+$/u.test(text)) return refused("Profile names can only contain letters, numbers, `-` or `_`");
  if (!/[\p{L}\p{N}]/u.test(text)) return refused("Profile names must contain at least one letter or number");
  return ok(text.toLowerCase());
}

function refused(reason: string): Result<never, Fault<"invalid-profile-name">> {
  return err(fault("invalid-profile-name", reason));
}
