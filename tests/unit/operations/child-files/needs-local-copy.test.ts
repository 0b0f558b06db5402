import { expect, test } from "bun:test";
import { type FetchMode, needsLocalCopy } from "../../../../src/operations/child-files/needs-local-copy.ts";

const NETWORKS = ["127.0.0.1/8", "192.168.1.1/24", "10.0.0.7/8", "fd00:1::1/64", "nonsense", "1.2.3.4/x"];
const here = (host: string) => ({ host, networks: NETWORKS });

test.each<[FetchMode, string, string, boolean]>([
  ["always", "http://192.168.1.5/f", "192.168.1.1", true],
  ["always", "http://192.168.1.1:8000/f", "192.168.1.1", true],
  ["always", "https://example.com/f", "127.0.0.1", true],
  ["always", "ftp://example.com/f", "192.168.1.1", false],
  ["always", "file:///etc/passwd", "192.168.1.1", false],
  ["always", "", "192.168.1.1", false],
  ["never", "http://127.0.0.1:8001/c8y/f", "192.168.1.1", false],
  ["never", "https://example.com/f", "192.168.1.1", false],
  // Children are on this host.
  ["auto", "https://example.com/f", "127.0.0.1", false],
  ["auto", "http://127.0.0.1:8001/c8y/f", "localhost", false],
  ["auto", "https://example.com/f", "::1", false],
  // Loopback of the gateway.
  ["auto", "http://127.0.0.1:8001/c8y/f", "192.168.1.1", true],
  ["auto", "http://127.1.2.3/f", "192.168.1.1", true],
  ["auto", "http://localhost:8001/c8y/f", "gateway.lan", true],
  ["auto", "http://LOCALHOST./f", "192.168.1.1", true],
  ["auto", "http://[::1]:8001/f", "fd00:1::1", true],
  ["auto", "http://[::ffff:127.0.0.1]/f", "192.168.1.1", true],
  ["auto", "http://0.0.0.0/f", "192.168.1.1", true],
  // The gateway itself, where children reach it.
  ["auto", "http://192.168.1.1:8001/c8y/f", "192.168.1.1", false],
  ["auto", "http://Gateway.lan:8001/c8y/f", "gateway.lan", false],
  ["auto", "http://[fd00:1::1]:8001/f", "fd00:1::1", false],
  // Neighbours of the child.
  ["auto", "http://192.168.1.5/f", "192.168.1.1", false],
  ["auto", "http://[fd00:1::5]/f", "fd00:1::1", false],
  // Behind the gateway: another network of it, the Internet, names.
  ["auto", "http://10.1.2.3/f", "192.168.1.1", true],
  ["auto", "http://192.168.2.5/f", "192.168.1.1", true],
  ["auto", "http://192.168.1.5/f", "gateway.lan", true],
  ["auto", "https://example.com/f", "192.168.1.1", true],
  ["auto", "http://server.local/f", "192.168.1.1", true],
  ["auto", "https://192.0.2.1/f", "203.0.113.9", true],
  ["auto", "mailto:me@example.com", "192.168.1.1", false],
])("%s: whether %j is fetched for children who know the gateway as %s: %p", (mode, url, host, expected) => {
  expect(needsLocalCopy(mode, url, here(host))).toBe(expected);
});
