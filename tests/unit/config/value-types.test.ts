import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import fc from "fast-check";
import { settingOf } from "../../../src/config/key-address.ts";
import { parseKey } from "../../../src/config/parse-key.ts";
import type { AnySetting } from "../../../src/config/table.ts";

function settingNamed(key: string): AnySetting {
  const parsed = parseKey(key);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return settingOf(parsed.value.address);
}

/** What `config set` then `config get` print. */
function printed(key: string, text: string): string {
  const { type } = settingNamed(key);
  const value = type.parse(text);
  return value.ok ? type.print(value.value) : `refused: ${value.fault.message}`;
}

function stored(key: string, text: string): unknown {
  const { type } = settingNamed(key);
  const value = type.parse(text);
  return value.ok ? type.toToml(value.value) : value.fault.message;
}

function fromFile(key: string, value: Parameters<AnySetting["type"]["fromToml"]>[0]): string {
  const { type } = settingNamed(key);
  const read = type.fromToml(value);
  return read.ok ? type.print(read.value) : `refused: ${read.fault.message}`;
}

describe("what is typed is accepted and printed", () => {
  test.each([
    ["sudo.enable", "true", "true"],
    ["http.bind.port", "0", "0"],
    ["http.bind.port", "65535", "65535"],
    ["mqtt.bind.port", "+1883", "1883"],
    ["mqtt.bind.address", "::1", "::1"],
    ["mqtt.client.host", "broker.local", "broker.local"],
    ["mqtt.client.host", "fe80::1", "fe80::1"],
    ["c8y.url", "Tenant.cumulocity.com", "Tenant.cumulocity.com"],
    ["c8y.http", "h.example", "h.example:443"],
    ["c8y.mqtt", "h.example", "h.example:8883"],
    ["c8y.mqtt", "h.example:1234", "h.example:1234"],
    ["c8y.mqtt", "[::1]:1234", "[::1]:1234"],
    ["device.key_path", "/a/./b/../c//d", "/a/c/d"],
    ["device.key_path", "x/../y", resolve("y")],
    ["run.log_memory_interval", "3600", "3600"],
    ["run.log_memory_interval", "3d 12h", "3d 12h"],
    ["c8y.topics", "a,b", '["a", "b"]'],
    ["c8y.topics", " a , ,b ", '["a", "b"]'],
    ["c8y.topics", "", "[]"],
    ["c8y.topics", '["a,1", "b"]', '["a,1", "b"]'],
    ["c8y.auth_method", "password", "basic"],
    ["service.timestamp_format", "rfc3339", "rfc-3339"],
    ["c8y.mapper.mqtt.max_payload_size", "268435455", "268435455"],
    ["logs.max_per_operation", "b:3,*:5,a", "[*:5, a:1, b:3]"],
    ["logs.max_per_operation", "[*:5, a:3]", "[*:5, a:3]"],
    ["logs.max_per_operation", '["*:5", "a:3"]', "[*:5, a:3]"],
    ["files.max_total", "50%", "50%"],
    ["files.max_total", "1.5GiB", "1.5GiB"],
    ["files.max_total", "1048576", "1048576"],
    ["files.expire_after", "never", "never"],
    ["files.expire_after", "30d", "30d"],
    ["logs.max_per_operation", "a:1,a:2", "[a:2]"],
    ["logs.max_per_operation", "", "[]"],
    ["proxy.address", "proxy", "http://proxy:80"],
    ["proxy.address", "https://proxy", "https://proxy:443"],
    ["proxy.address", "10.0.0.1:8080", "http://10.0.0.1:8080"],
    ["mqtt.device_topic_id", "device/x", "device/x//"],
    ["mqtt.device_topic_id", "a/b/c/d", "a/b/c/d"],
    ["c8y.bridge.topic_prefix", "custom", "custom"],
    ["software.plugin.max_packages", "4294967295", "4294967295"],
  ])("%s %p is printed as %p", (key, text, expected) => {
    expect(printed(key, text)).toBe(expected);
  });
});

describe("what cannot be is refused with the text that scripts know", () => {
  test.each([
    ["sudo.enable", "yes", "provided string was not `true` or `false`"],
    ["sudo.enable", "True", "provided string was not `true` or `false`"],
    ["mqtt.bind.port", "12a", "invalid digit found in string"],
    ["mqtt.bind.port", "-1", "invalid digit found in string"],
    ["mqtt.bind.port", "65536", "number too large to fit in target type"],
    ["mqtt.bind.port", "0", "number would be zero for non-zero type"],
    ["mqtt.client.port", "0", "number would be zero for non-zero type"],
    ["mqtt.client.port", "", "cannot parse integer from empty string"],
    ["mqtt.bind.address", "localhost", "invalid IP address syntax"],
    ["mqtt.bind.address", "fe80::1%eth0", "invalid IP address syntax"],
    [
      "c8y.url",
      "https://x.y",
      "Could not parse provided URL: 'https://x.y' as a valid domain name.\nProvided URL should contain only domain, eg: 'subdomain.cumulocity.com'.",
    ],
    ["c8y.url", "x.y:443", "Could not parse provided URL: 'x.y:443' as a valid domain name."],
    ["c8y.url", "x.y/path", "Could not parse provided URL: 'x.y/path' as a valid domain name."],
    ["c8y.url", "me@x.y", "Could not parse provided URL: 'me@x.y' as a valid domain name."],
    ["c8y.url", "", "Could not parse provided URL: '' as a valid domain name."],
    ["c8y.http", ":443", "Could not parse hostname"],
    ["c8y.http", "x.y:port", "Could not parse port"],
    ["c8y.http", "x.y:99999", "Could not parse port"],
    ["flows.stats.interval", "soon", "expected number at 0"],
    ["files.max_total", "much", "expected a number of bytes, such as 1048576, 512M, 1.5GiB or 2GB, or a part"],
    ["files.max_total", "0", "expected more than 0 bytes"],
    ["files.max_total", "0%", "expected more than 0 and at most 100 percent"],
    ["files.max_total", "101%", "expected more than 0 and at most 100 percent"],
    ["files.expire_after", "soon", "expected number at 0; use a duration such as 7d, or never"],
    ["files.expire_after", "0", "expected at least 1s, or never"],
    ["c8y.auth_method", "token", "Failed to parse flag: token. Supported values are: certificate, basic, auto"],
    ["c8y.auth_method", "constructor", "Failed to parse flag: constructor."],
    [
      "c8y.mapper.mqtt.max_payload_size",
      "0",
      "Invalid MQTT payload size limit: 0. Provide a value between 0 and 268435455 bytes",
    ],
    ["c8y.mapper.mqtt.max_payload_size", "268435456", "Invalid MQTT payload size limit: 268435456."],
    ["logs.max_per_operation", "a:3,", "Not a comma-separated list of name:count pairs"],
    ["logs.max_per_operation", "a:x", "Not a comma-separated list of name:count pairs"],
    ["logs.max_per_operation", "a:4294967296", "Not a comma-separated list of name:count pairs"],
    ["proxy.address", "http://x:port", "Invalid proxy URL: invalid port number"],
    ["proxy.address", "http://", "Invalid proxy URL: empty host"],
    ["proxy.address", "socks5://x", "Invalid proxy URL: Unsupported proxy scheme: socks5"],
    [
      "proxy.address",
      "http://me@x",
      "Invalid proxy URL: URL should not contain a username, please specify this in the dedicated configuration",
    ],
    [
      "proxy.address",
      "http://:pw@x",
      "Invalid proxy URL: URL should not contain a password, please specify this in the dedicated configuration",
    ],
    ["proxy.address", "socks5://me@x:port", "Invalid proxy URL: invalid port number"],
    ["mqtt.device_topic_id", "a/b/c/d/e", "An entity topic identifier has at most 4 segments"],
    ["mqtt.device_topic_id", "a/+", "An entity topic identifier must be a valid MQTT topic"],
    ["c8y.bridge.topic_prefix", "", "Topic prefix must not be empty"],
    ["c8y.bridge.topic_prefix", "a#", "Topic prefix cannot contain '#'"],
    ["c8y.bridge.topic_prefix", "a+", "Topic prefix cannot contain '+'"],
    ["c8y.bridge.topic_prefix", "c8y-internal", "Topic prefix cannot be c8y-internal"],
  ])("%s %p", (key, text, reason) => {
    expect(printed(key, text)).toStartWith(`refused: ${reason}`);
  });
});

describe("what a file holds is read by its kind", () => {
  test("a port is an integer, never text", () => {
    expect(fromFile("mqtt.bind.port", 1883)).toBe("1883");
    expect(fromFile("mqtt.bind.port", "1883")).toBe('refused: invalid type: string "1883", expected an integer');
    expect(fromFile("mqtt.bind.port", 70_000)).toContain("invalid value: integer `70000`");
  });
  test("a path is taken as it stands", () => {
    expect(fromFile("device.key_path", "x/../y")).toBe("x/../y");
  });
  test("a list is an array, or text whose items are trimmed and empty ones dropped", () => {
    expect(fromFile("c8y.topics", ["a ", ""])).toBe('["a ", ""]');
    expect(fromFile("c8y.topics", " a , ,b")).toBe('["a", "b"]');
    expect(fromFile("c8y.topics", [1])).toStartWith("refused: invalid type: integer `1`");
  });
  test("a duration may be text or a number of seconds", () => {
    expect(fromFile("flows.stats.interval", "90m")).toBe("90m");
    expect(fromFile("flows.stats.interval", 60)).toBe("60");
  });
  test("words may have the capitals that the reference writes, and what is written has them", () => {
    expect(fromFile("apt.dpkg.options.config", "KeepNew")).toBe("keepnew");
    expect(stored("apt.dpkg.options.config", "keepnew")).toBe("KeepNew");
    expect(fromFile("c8y.bridge.include.local_cleansession", "Auto")).toBe("auto");
    expect(fromFile("c8y.bridge.include.local_cleansession", true)).toBe("true");
    expect(stored("c8y.bridge.include.local_cleansession", "true")).toBe("True");
    expect(fromFile("c8y.software_management.api", "Advanced")).toBe("advanced");
    expect(fromFile("c8y.software_management.api", true)).toStartWith("refused: Failed to parse flag: true.");
  });
  test("a host with a port stays as it was entered", () => {
    expect(stored("c8y.http", "h.example")).toBe("h.example");
  });
  test("counts are an array of pairs", () => {
    expect(fromFile("logs.max_per_operation", ["b:2", "*:1"])).toBe("[*:1, b:2]");
    expect(stored("logs.max_per_operation", "b:2,*:1")).toEqual(["*:1", "b:2"]);
  });
});

test("the printed form of a value is accepted and means the same", () => {
  const name = fc.stringMatching(/^[a-z*][a-z_]{0,8}$/);
  const item = fc.string({ unit: "grapheme-ascii" });
  const samples: [string, fc.Arbitrary<string>][] = [
    ["c8y.topics", fc.array(item).map((items) => JSON.stringify(items))],
    [
      "logs.max_per_operation",
      fc.array(fc.tuple(name, fc.nat())).map((pairs) => pairs.map((pair) => pair.join(":")).join()),
    ],
    [
      "proxy.address",
      fc
        .tuple(fc.constantFrom("http", "https"), fc.domain(), fc.nat(65_535))
        .map(([scheme, host, port]) => `${scheme}://${host}:${port}`),
    ],
    ["c8y.http", fc.tuple(fc.domain(), fc.nat(65_535)).map((parts) => parts.join(":"))],
    ["mqtt.bind.port", fc.integer({ min: 1, max: 65_535 }).map(String)],
    ["mqtt.device_topic_id", fc.array(fc.stringMatching(/^[a-z]*$/), { maxLength: 4 }).map((parts) => parts.join("/"))],
  ];
  for (const [key, texts] of samples) {
    fc.assert(
      fc.property(texts, (text) => {
        const once = printed(key, text);
        expect(once).not.toStartWith("refused");
        expect(printed(key, once)).toBe(once);
        expect(stored(key, once)).toEqual(key === "c8y.http" ? once : stored(key, text));
      }),
    );
  }
});

describe("lists grow and shrink", () => {
  const lists = settingNamed("c8y.topics").type;
  const counts = settingNamed("logs.max_per_operation").type;
  const of = (type: typeof lists, text: string) => {
    const value = type.parse(text);
    if (!value.ok) throw new Error(value.fault.message);
    return value.value;
  };
  test("adding merges, drops what is there twice and sorts by bytes", () => {
    const sum = lists.members?.add(of(lists, "b,a"), of(lists, "Z,b,ä,z"));
    expect(sum).toEqual(["Z", "a", "b", "z", "ä"]);
  });
  test("removing keeps the order and ignores what is not there", () => {
    expect(lists.members?.remove(of(lists, "c,a,b"), of(lists, "a,x"))).toEqual(["c", "b"]);
  });
  test("groups are merged and dropped by name, whatever the count", () => {
    expect(counts.print(counts.members?.add(of(counts, "*:5,a:1"), of(counts, "a:3,b:2")))).toBe("[*:5, a:3, b:2]");
    expect(counts.print(counts.members?.remove(of(counts, "*:5,a:1"), of(counts, "a:9")))).toBe("[*:5]");
  });
});
