import { describe, expect, test } from "bun:test";
import { type HostPolicySources, hostPolicy } from "../../../../src/http/guard/host-policy.ts";
import { refuseForeign } from "../../../../src/http/guard/refuse-foreign.ts";
import { recordedLog } from "../recorded-log.ts";

const LOOPBACK: HostPolicySources = {
  bindAddress: "127.0.0.1",
  tls: false,
  clientHost: "Files.Example.com",
  allowedHosts: [],
  machineName: "Gateway.plant.example",
};
const EXPOSED = { ...LOOPBACK, bindAddress: "0.0.0.0" };
const LISTED = { ...EXPOSED, allowedHosts: ["gw.example.org", "proxy.example.org"] };
const TLS = { ...LOOPBACK, tls: true };

const BROWSER = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0" };

function handler(sources: HostPolicySources, log = recordedLog()) {
  return refuseForeign(async () => new Response("served"), hostPolicy(sources), log);
}

/** 200 when the request came through. */
async function statusOf(sources: HostPolicySources, headers: Record<string, string>, method = "GET"): Promise<number> {
  const request = new Request("http://ignored/te/v1/entities", { method, headers });
  const answer = await handler(sources)(request, { remote: undefined });
  expect(await answer.text()).toMatch(answer.status === 200 ? /^served$/ : /\w/);
  expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  return answer.status;
}

const OWN = [
  "localhost",
  "LOCALHOST:8000",
  "x.localhost",
  "127.0.0.1:8000",
  "127.9.9.9",
  "[::1]:8000",
  "192.168.1.5",
  "files.example.com:8000",
  "gateway",
  "gateway.plant.example.",
  "gateway.local",
];

describe.each([
  ["on loopback", LOOPBACK],
  ["on other addresses", EXPOSED],
  ["on other addresses with a list of names", LISTED],
  ["by TLS", TLS],
])("a server %s", (_where, sources) => {
  test.each(OWN)("is known as %s, to browsers too", async (host) => {
    expect(await statusOf(sources, { host })).toBe(200);
    expect(await statusOf(sources, { host, ...BROWSER })).toBe(200);
  });

  test("needs no Host", async () => {
    expect(await statusOf(sources, {})).toBe(200);
  });

  test.each(["a b", "a, b", "user@localhost", ""])("refuses %p as a host", async (host) => {
    expect(await statusOf(sources, { host })).toBe(400);
  });

  test.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])(
    "refuses %s for a page of another host, port or scheme, or of none",
    async (method) => {
      for (const origin of [
        "http://evil.example",
        "http://localhost:3000",
        "http://203.0.113.5",
        "null",
        "file://",
        "x",
        "chrome-extension://abc",
      ]) {
        const request = new Request("http://ignored/", { method, headers: { host: "localhost:8000", origin } });
        expect((await handler(sources)(request, { remote: undefined })).status).toBe(403);
      }
    },
  );

  test("serves its own pages", async () => {
    expect(await statusOf(sources, { host: "localhost:8000", origin: "http://localhost:8000" }, "PUT")).toBe(200);
    expect(await statusOf(sources, { host: "10.0.0.1:8000", origin: "http://10.0.0.1:8000" }, "PUT")).toBe(200);
  });

  test("serves what a page of others links to, but not what it embeds", async () => {
    const site = { host: "localhost:8000", "sec-fetch-site": "cross-site" };
    expect(await statusOf(sources, { ...site, "sec-fetch-mode": "navigate" })).toBe(200);
    expect(await statusOf(sources, { ...site, "sec-fetch-mode": "no-cors" })).toBe(403);
    expect(await statusOf(sources, { host: "localhost:8000", "sec-fetch-site": "same-origin" })).toBe(200);
    expect(await statusOf(sources, { host: "localhost:8000", "sec-fetch-site": "none" })).toBe(200);
  });
});

describe("a foreign name", () => {
  const evil = { host: "evil.example:8000" };

  test("is refused to everybody on loopback, and wherever the names are listed", async () => {
    for (const sources of [LOOPBACK, LISTED]) {
      expect(await statusOf(sources, evil)).toBe(421);
      expect(await statusOf(sources, { host: "other" })).toBe(421);
    }
    expect(await statusOf({ ...LOOPBACK, bindAddress: "::1" }, evil)).toBe(421);
    expect(await statusOf({ ...LOOPBACK, bindAddress: "::ffff:127.0.0.1" }, evil)).toBe(421);
  });

  test("on other addresses is refused to browsers and good enough for devices, which may call the gateway as they like", async () => {
    expect(await statusOf(EXPOSED, { host: "gw7.plant.example.net" }, "PUT")).toBe(200);
    expect(await statusOf(EXPOSED, { ...evil, "user-agent": "curl/8.0" })).toBe(200);
    expect(await statusOf(EXPOSED, { ...evil, ...BROWSER })).toBe(421);
    expect(await statusOf(EXPOSED, { ...evil, "sec-fetch-mode": "cors" })).toBe(421);
    expect(await statusOf(EXPOSED, { ...evil, "upgrade-insecure-requests": "1" })).toBe(421);
  });

  test("is refused to a page of that very name, which is what DNS rebinding makes", async () => {
    expect(await statusOf(EXPOSED, { ...evil, origin: "http://evil.example:8000" }, "POST")).toBe(421);
  });

  test("that nobody can have in the internet is good for browsers in the local network", async () => {
    for (const host of ["other", "gw.lan", "gw7.local", "x.internal", "x.home.arpa"]) {
      expect(await statusOf(EXPOSED, { host, origin: `http://${host}`, ...BROWSER }, "PUT")).toBe(200);
    }
  });

  test("is nothing to mind by TLS, where the certificate has to have it", async () => {
    expect(await statusOf({ ...TLS, bindAddress: "0.0.0.0" }, { ...evil, ...BROWSER })).toBe(200);
    expect(await statusOf(TLS, { ...evil, origin: "https://evil.example:8000" }, "PUT")).toBe(200);
  });

  test("that is listed is good, and with a star every name is", async () => {
    expect(await statusOf(LISTED, { host: "GW.example.org:8000" })).toBe(200);
    expect(await statusOf({ ...LOOPBACK, allowedHosts: ["*"] }, evil)).toBe(200);
  });
});

test("a page of a listed host is trusted, for instance when a proxy changes the Host", async () => {
  const headers = { host: "127.0.0.1:8000", origin: "https://proxy.example.org" };
  expect(await statusOf(LISTED, headers, "PUT")).toBe(200);
  expect(await statusOf(EXPOSED, headers, "PUT")).toBe(403);
});

test("a refusal says what to do, and is a warning once for each reason", async () => {
  const log = recordedLog();
  const handle = handler(LOOPBACK, log);
  const ask = (host: string) =>
    handle(new Request("http://ignored/te/v1/files/x", { headers: { host } }), { remote: "127.0.0.1" });
  const answer = await ask("evil.example");
  expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  const text = 'This server is not known as "evil.example". Add the name to http.allowed_hosts if clients shall use it';
  expect(await answer.text()).toBe(text);
  await ask("evil.example");
  expect(log.lines).toEqual([
    `warn: Refused GET /te/v1/files/x from 127.0.0.1: ${text}`,
    `debug: Refused GET /te/v1/files/x from 127.0.0.1: ${text}`,
  ]);
  for (let index = 0; index < 100; index += 1) await ask(`evil${index}.example`);
  expect(log.lines.filter((line) => line.startsWith("warn: ")).length).toBe(20);
});
