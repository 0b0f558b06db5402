import { BlockList, isIP } from "node:net";

/** When files for other devices are fetched and served by the main device (`agent.child_files.fetch`). */
export type FetchMode = "always" | "auto" | "never";

/** How the main device is seen by others. */
export interface Gateway {
  /** Name or address of its file transfer service, as others are told it (`http.client.host`). */
  readonly host: string;
  /** Networks that it is in, as addresses with a prefix: `192.168.1.1/24`. */
  readonly networks: readonly string[];
}

/**
 * Whether a file is fetched by the main device and served to the child. `always`: yes, whatever can be fetched. `never`: no. `auto`: yes, unless
 * the child can be expected to reach the source itself, in this order:
 *
 * 1. the file transfer service is told to others by a loopback address: no, since they are on this host and reach what it reaches;
 * 2. the URL has a loopback address: yes, since it means the child itself there;
 * 3. the URL has the host of the file transfer service: no, that is where the copy would be;
 * 4. the URL has an address of the network in which the file transfer service is: no, it is a neighbour of the child;
 * 5. everything else, names included, is behind the main device: yes.
 */
export function needsLocalCopy(mode: FetchMode, url: string, gateway: Gateway): boolean {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:")) return false;
  if (mode !== "auto") return mode === "always";
  const host = bareHost(parsed.hostname);
  const service = bareHost(gateway.host);
  if (isLoopback(service)) return false;
  if (isLoopback(host)) return true;
  return host !== service && !areNeighbours(host, service, gateway.networks);
}

/** In lower case, an IPv6 address without brackets, a name without the dot at the end. */
function bareHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  return isIP(host) !== 0 && LOOPBACK.check(host, family(host));
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addAddress("0.0.0.0", "ipv4");
LOOPBACK.addAddress("::", "ipv6");

function areNeighbours(one: string, other: string, networks: readonly string[]): boolean {
  if (isIP(one) === 0 || isIP(other) === 0) return false;
  return networks.some((network) => {
    const [address = "", prefix = ""] = network.split("/");
    if (isIP(address) === 0 || !/^\d+$/.test(prefix)) return false;
    const block = new BlockList();
    block.addSubnet(address, Number(prefix), family(address));
    return block.check(one, family(one)) && block.check(other, family(other));
  });
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
