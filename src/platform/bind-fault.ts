import { type Fault, fault, toFault } from "../base/fault.ts";

export type BindFaultCode =
  | "address-in-use"
  | "address-not-available"
  | "no-permission"
  | "bad-tls"
  | "unsupported"
  | "io";

/** One fault for a listener that cannot be opened, with the text of the operating system whatever the runtime made of it. */
export function bindFault(thrown: unknown): Fault<BindFaultCode> {
  const { code, message } = toFault(thrown);
  const known = OS_FAULTS[code];
  if (known !== undefined) return fault(known.code, known.message);
  return fault(/PEM|SSL|TLS|certificate|key/i.test(`${code} ${message}`) ? "bad-tls" : "io", message);
}

const OS_FAULTS: Readonly<Record<string, { readonly code: BindFaultCode; readonly message: string }>> = {
  EADDRINUSE: { code: "address-in-use", message: "Address already in use (os error 98)" },
  EADDRNOTAVAIL: { code: "address-not-available", message: "Cannot assign requested address (os error 99)" },
  EACCES: { code: "no-permission", message: "Permission denied (os error 13)" },
};
