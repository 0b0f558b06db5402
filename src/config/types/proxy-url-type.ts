import { ok, type Result } from "../../base/result.ts";
import { invalidValue, type ValueFault, type ValueType, wrongKind } from "../value-type.ts";

/** An HTTP proxy; `host` has brackets when it is an IPv6 address. */
export interface ProxyUrl {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

/** `[http://|https://]host[:port]` without credentials. */
export const proxyUrlType: ValueType<ProxyUrl> = {
  name: "proxy URL",
  parse,
  print,
  fromToml: (value) => (typeof value === "string" ? parse(value) : wrongKind(value, "a string")),
  toToml: print,
};

function parse(text: string): Result<ProxyUrl, ValueFault> {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text);
  const scheme = (match?.[1] ?? "http").toLowerCase();
  const rest = match?.[2] ?? text;
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? "";
  const at = authority.lastIndexOf("@");
  const place = readPlace(authority.slice(at + 1));
  if (typeof place === "string") return refused(place);
  if (scheme !== "http" && scheme !== "https") return refused(`Unsupported proxy scheme: ${scheme}`);
  if (at !== -1) return refused(credentials(authority.slice(0, at)));
  return ok({ scheme, host: place.host, port: place.port ?? (scheme === "http" ? 80 : 443) });
}

/** The host and port of a URL, or what is wrong with them. */
function readPlace(text: string): { readonly host: string; readonly port: number | undefined } | string {
  const [, host = "", port = ""] = /^(\[[^\]]*\]|[^:]*):?(.*)$/s.exec(text) ?? [];
  if (host === "") return "empty host";
  if (port !== "" && !(/^\d+$/.test(port) && Number(port) <= 65_535)) return "invalid port number";
  if (!URL.canParse(`http://${host}/`)) return "invalid domain character";
  return { host, port: port === "" ? undefined : Number(port) };
}

function credentials(userInfo: string): string {
  const which = userInfo.startsWith(":") ? "a password" : "a username";
  return `URL should not contain ${which}, please specify this in the dedicated configuration`;
}

function refused(reason: string): Result<never, ValueFault> {
  return invalidValue(`Invalid proxy URL: ${reason}`);
}

function print(value: ProxyUrl): string {
  return `${value.scheme}://${value.host}:${value.port}`;
}
