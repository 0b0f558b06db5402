import { type Fault, fault } from "../base/fault.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { EffectiveValue, ReadFault } from "./config.ts";
import type { ConfigParts, ConfiguredValue } from "./config-parts.ts";
import { addressName, type KeyAddress } from "./key-address.ts";

/**
 * The device id of a section: the common name of its certificate; else what is configured for it, then for `device.id`
 * (spec/cli-and-config §2.4). Code `no-device-id`.
 */
export function deviceIdOf(
  address: KeyAddress,
  certificatePath: string | undefined,
  parts: Pick<ConfigParts, "configured" | "certificates">,
): Result<EffectiveValue, ReadFault> {
  const certificate = certificatePath === undefined ? undefined : parts.certificates.get(certificatePath);
  if (certificatePath !== undefined && certificate?.kind === "named" && certificate.commonName !== "") {
    const name = certificate.commonName;
    return ok({ value: name, text: name, origin: { kind: "certificate", path: certificatePath } });
  }
  const configured = parts.configured.get(addressName(address)) ?? parts.configured.get("device.id");
  if (configured !== undefined) return ok(asEffective(configured));
  return err(certificate?.kind === "broken" ? underivable(certificate.fault) : NOT_CONFIGURED);
}

const NOT_CONFIGURED = fault(
  "no-device-id",
  "The provided config key: 'device.id' is not configured: The device id is read from the device certificate.\n" +
    "To set 'device.id' to some <id>, you can use `tedge cert create --device-id <id>`.",
);

function underivable(cause: Fault): ReadFault {
  return fault("no-device-id", `Derivation for \`device.id\` failed: ${cause.message}`, { cause });
}

function asEffective(configured: ConfiguredValue): EffectiveValue {
  return { ...configured, text: String(configured.value) };
}
