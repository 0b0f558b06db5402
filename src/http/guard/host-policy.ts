import { isIP } from "node:net";
import { isThisMachine } from "../../platform/loopback.ts";
import { parseHost } from "./host-header.ts";

/** By which names the HTTP server may be addressed. */
export interface HostPolicy {
  /** The server's own names in lower case; IP addresses and `localhost` always are. */
  readonly names: ReadonlySet<string>;
  /** Who may not use other names. */
  readonly refused: "everybody" | "browsers" | "nobody";
  /** Hosts whose web pages may send requests to this server, in lower case. */
  readonly trustedPages: ReadonlySet<string>;
}

export interface HostPolicySources {
  /** Address that is listened on. */
  readonly bindAddress: string;
  readonly tls: boolean;
  /** `http.client.host` */
  readonly clientHost: string;
  /** `http.allowed_hosts`; with `*` every name will do. */
  readonly allowedHosts: readonly string[];
  /** Of the operating system, with or without domain. */
  readonly machineName: string;
}

/**
 * Who listens on loopback only is asked by this machine only, whose names are known. Elsewhere clients may have any name for the gateway
 * in their DNS, and only browsers can be lured to it by a foreign one; that needs no thought with TLS, where the certificate has to match
 * the name. Whoever lists the names means all of them.
 */
export function hostPolicy(sources: HostPolicySources): HostPolicy {
  const { bindAddress, tls, clientHost, machineName } = sources;
  const allowed = sources.allowedHosts.map((name) => parseHost(name)?.name ?? name.toLowerCase());
  const machine = machineName.toLowerCase();
  const [short = machine] = machine.split(".", 1);
  const own = [clientHost.toLowerCase(), machine, short, `${short}.local`];
  return {
    names: new Set([...own, ...allowed]),
    refused: whoIsRefused(allowed, tls, isThisMachine(bindAddress)),
    trustedPages: new Set(allowed),
  };
}

function whoIsRefused(allowed: readonly string[], tls: boolean, loopback: boolean): HostPolicy["refused"] {
  if (tls || allowed.includes("*")) return "nobody";
  return loopback || allowed.length > 0 ? "everybody" : "browsers";
}

/** Browsers ask for an address only when they are told to: nobody can make a page of theirs that has this server's address (DNS rebinding needs a name). */
export function isOwnName(name: string, policy: HostPolicy): boolean {
  return policy.names.has(name) || name === "localhost" || name.endsWith(".localhost") || isIP(name) !== 0;
}

/** Names that nobody can have in the DNS of the internet: without a dot, and of domains set aside for local networks (RFC 6762, 8375). */
export function isLocalName(name: string): boolean {
  return !name.includes(".") || LOCAL_DOMAINS.some((domain) => name.endsWith(domain));
}

const LOCAL_DOMAINS = [".local", ".internal", ".home.arpa", ".lan", ".localdomain"];
