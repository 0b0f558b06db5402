import { isIP } from "node:net";
import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";
import { textType } from "./string-type.ts";

/** An IP address to listen on. */
export const ipAddressType = textType("IP address", (text) =>
  isIpAddress(text) ? ok(text) : invalidValue("invalid IP address syntax"),
);

/** A domain name or an IP address without brackets. */
export const hostType = textType("host", (text) =>
  isIpAddress(text) || isDomainName(text) ? ok(text) : invalidValue(`Could not parse hostname: '${text}'`),
);

/** The host of a cloud: neither scheme nor port nor path. */
export const cloudUrlType = textType("host", (text) => (isUrlHost(text) ? ok(text) : invalidValue(notADomain(text))));

/** A host with a port; `text` is as it was entered, with the port only if it was given. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
  readonly text: string;
}

/** `host` or `host:port`. Printed with the port, kept as entered. */
export function hostPortType(defaultPort: number): ValueType<HostPort> {
  const parse = (text: string) => parseHostPort(text, defaultPort);
  return {
    name: "host[:port]",
    parse,
    print: (value) => `${value.host}:${value.port}`,
    fromToml: (value) => (typeof value === "string" ? parse(value) : wrongKind(value, "a string")),
    toToml: (value) => value.text,
  };
}

function parseHostPort(text: string, defaultPort: number): Result<HostPort, ValueFault> {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(text);
  const [, host = "", port] = match ?? [];
  if (!isUrlHost(host)) return invalidValue(`Could not parse hostname: '${text}'`);
  if (port === undefined) return ok({ host, port: defaultPort, text });
  const number = /^\d+$/.test(port) ? Number(port) : Number.NaN;
  return number <= 65_535 ? ok({ host, port: number, text }) : invalidValue(`Could not parse port: '${port}'`);
}

function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes("%");
}

function isDomainName(text: string): boolean {
  return isUrlHost(text) && !text.startsWith("[");
}

/** A host as it may stand in a URL: domain name, IPv4 address, IPv6 address in brackets. */
function isUrlHost(text: string): boolean {
  if (text === "" || /[\s/?#@\\%<>^|"'`{}]/.test(text)) return false;
  if (text.includes(":") && !/^\[[^\]]*\]$/.test(text)) return false;
  return URL.canParse(`http://${text}/`);
}

function notADomain(text: string): string {
  return (
    `Could not parse provided URL: '${text}' as a valid domain name.\n` +
    "Provided URL should contain only domain, eg: 'subdomain.cumulocity.com'."
  );
}
