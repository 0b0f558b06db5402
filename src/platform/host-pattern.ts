import { BlockList, isIP } from "node:net";
import { domainToASCII } from "node:url";

/** Tells whether hosts are meant; `host` is what `plainHost` gives. */
export type HostPattern = (host: string, port: number) => boolean;

/** The host of a URL, or as a setting has it, in the one form to compare: no brackets, no dot at the end, lower case, punycode. */
export function plainHost(host: string): string {
  const inUrl = URL.parse(`http://${isIP(host) === 6 ? `[${host}]` : host}/`)?.hostname ?? host.toLowerCase();
  return inUrl.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/**
 * Reads a list as `NO_PROXY` has it, split by commas or spaces: a host or domain with all below it, an address, a network such as
 * `10.0.0.0/8`, or `*`; each may be bound to a port. What is none of these matches nothing.
 */
export function hostList(text: string): HostPattern {
  const patterns = text.split(/[\s,]+/).flatMap((entry) => (entry === "" ? [] : [hostPattern(entry)]));
  return (host, port) => patterns.some((matches) => matches(host, port));
}

/** This machine, as it calls itself. */
export const isLoopback: HostPattern = hostList("localhost,127.0.0.0/8,::1,0.0.0.0,::");

function hostPattern(entry: string): HostPattern {
  const network = /^\[?([^\]]*)\]?\/(\d{1,3})$/.exec(entry);
  if (network !== null) return networkPattern(network[1] ?? "", Number(network[2]));
  const [name, port] = splitPort(entry);
  const matches = namePattern(name);
  return (host, at) => (port === undefined || port === at) && matches(host);
}

function splitPort(entry: string): readonly [name: string, port: number | undefined] {
  const bare = isIP(entry) === 6 ? null : /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(entry);
  return bare === null ? [entry, undefined] : [bare[1] ?? bare[2] ?? "", Number(bare[3])];
}

function namePattern(name: string): (host: string) => boolean {
  if (name === "*") return () => true;
  const address = name.replace(/^\[(.*)\]$/, "$1");
  const bits = { 0: undefined, 4: 32, 6: 128 }[isIP(address)];
  if (bits !== undefined) return (host) => networkPattern(address, bits)(host, 0);
  const domain = domainToASCII(name.replace(/^\*?\./, "").replace(/\.$/, "")).toLowerCase();
  return (host) => domain !== "" && (host === domain || host.endsWith(`.${domain}`));
}

function networkPattern(address: string, bits: number): HostPattern {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return () => false;
  const network = new BlockList();
  network.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  return (host) => isIP(host) !== 0 && network.check(host, isIP(host) === 4 ? "ipv4" : "ipv6");
}
