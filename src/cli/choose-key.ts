import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import { addressName, type KeyAddress } from "../config/key-address.ts";
import { deprecationWarning, parseKey } from "../config/parse-key.ts";
import { parseProfileName } from "../config/profile-name.ts";
import type { CliContext, CommandOutcome } from "./outcome.ts";

type NoKey = Exclude<CommandOutcome, { readonly kind: "done" }>;

/** Finds the key that KEY, `--profile` and `TEDGE_CLOUD_PROFILE` mean together (spec/cli-and-config §2.2, §2.3). */
export function chooseKey(
  context: Pick<CliContext, "environment" | "log">,
  args: { readonly key: string; readonly profile?: string },
): Result<KeyAddress, NoKey> {
  const parsed = parseKey(args.key);
  if (!parsed.ok) return err(badArgument(args.key, "<KEY>", parsed.fault));
  const { address, deprecated } = parsed.value;
  if (deprecated) context.log.warn(deprecationWarning(args.key, address));
  return args.profile === undefined ? withEnvironment(address, context) : withProfile(address, args.profile);
}

function withProfile(address: KeyAddress, text: string): Result<KeyAddress, NoKey> {
  const profile = parseProfileName(text);
  if (!profile.ok) return err(badArgument(text, "--profile <PROFILE>", profile.fault));
  const key = addressName(address);
  if (address.scope === "main") {
    return err(mismatch(`You've supplied a profile, but ${key} is not a profiled configuration`));
  }
  if (address.profile !== undefined) {
    return err(mismatch(`Multiple profiles selected from the arguments ${key} and --profile ${text}`));
  }
  return ok({ ...address, profile: profile.value });
}

/** The variable counts only where a profile can be, and none is named. */
function withEnvironment(address: KeyAddress, context: Pick<CliContext, "environment">): Result<KeyAddress, NoKey> {
  const text = context.environment.TEDGE_CLOUD_PROFILE ?? "";
  if (text === "" || address.scope === "main" || address.profile !== undefined) return ok(address);
  const profile = parseProfileName(text);
  if (profile.ok) return ok({ ...address, profile: profile.value });
  return err(failed(fault("invalid-profile-name", "Parsing TEDGE_CLOUD_PROFILE", { cause: profile.fault })));
}

function mismatch(message: string): NoKey {
  return failed(fault("profile-mismatch", message));
}

function failed(cause: Fault): NoKey {
  return { kind: "failed", description: "read the arguments", top: "missing configuration parameter", fault: cause };
}

function badArgument(text: string, argument: string, cause: Fault): NoKey {
  const tip = tipFor(cause);
  const further = tip === undefined ? "" : `\n\n  tip: ${tip}`;
  return { kind: "usage", text: `invalid value '${text}' for '${argument}': ${cause.message}${further}` };
}

function tipFor({ code, detail }: Fault): string | undefined {
  if (typeof detail?.nearest === "string") return `a similar key exists: '${detail.nearest}'`;
  return code === "unknown-key" ? "`tedge config list --doc` lists all keys" : undefined;
}
