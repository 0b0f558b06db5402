import { describe, expect, test } from "bun:test";
import { hostList } from "../../../src/platform/host-pattern.ts";
import { type HttpClientSettings, routeTo } from "../../../src/platform/http-route.ts";

const SETTINGS: HttpClientSettings = {
  tls: { ca: ["cloud"] },
  ownTls: { ca: ["own"] },
  ownHosts: ["Gateway", "fd00::2", "bücher.example"],
  proxy: { url: "http://proxy:3128" },
  noProxy: hostList("direct.example,10.0.0.0/8,ported.example:8443,plain.example:80"),
};

describe("where a request goes", () => {
  test.each([
    ["https://cloud.example/x", "proxy", "cloud"],
    ["http://cloud.example/x", "proxy", "cloud"],
    ["http://user:password@cloud.example/x", "proxy", "cloud"],
    ["https://direct.example/", "direct", "cloud"],
    ["https://a.direct.example:8443/", "direct", "cloud"],
    ["http://10.1.2.3/", "direct", "cloud"],
    ["https://ported.example:8443/", "direct", "cloud"],
    ["https://ported.example/", "proxy", "cloud"],
    ["http://plain.example/", "direct", "cloud"],
    ["https://plain.example/", "proxy", "cloud"],
    ["http://gateway:8000/te/v1/files/x", "direct", "own"],
    ["https://GATEWAY./te/v1/files/x", "direct", "own"],
    ["http://sub.gateway/", "proxy", "cloud"],
    ["http://[fd00:0::2]:8001/c8y", "direct", "own"],
    ["http://xn--bcher-kva.example/", "direct", "own"],
    ["http://127.0.0.1:8000/", "direct", "own"],
    ["http://127.1:8000/", "direct", "own"],
    ["http://[::ffff:127.0.0.1]/", "direct", "own"],
    ["https://localhost/", "direct", "own"],
    ["https://localhost.example/", "proxy", "cloud"],
  ])("%s: %s, with the trust of %s", (url, way, trust) => {
    const { proxy, tls } = routeTo(url, SETTINGS);
    expect([proxy === undefined ? "direct" : "proxy", tls?.ca?.[0]]).toEqual([way, trust]);
  });

  test("without settings it is direct and as the system trusts", () => {
    expect(routeTo("https://cloud.example/", {})).toEqual({});
  });

  test("our own servers are trusted like others where nothing else is said", () => {
    expect(routeTo("https://127.0.0.1/", { tls: { ca: ["cloud"] } })).toEqual({ tls: { ca: ["cloud"] } });
  });
});
