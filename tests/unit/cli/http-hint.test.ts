import { expect, test } from "bun:test";
import { fault, faultChain } from "../../../src/base/fault.ts";
import { withHint } from "../../../src/cli/http-hint.ts";

function chainOf(code: string, isForProxy = false): readonly string[] {
  return faultChain(withHint(fault("network", "top", { cause: fault(code, "root") }), isForProxy));
}

test("a refused connection asks whether the service runs, and names the settings of its place", () => {
  expect(chainOf("ECONNREFUSED")).toEqual([
    "top",
    "root",
    "Is tedge-agent running there? Start it (systemctl start tedge-agent), or set http.client.host and http.client.port to where it is",
  ]);
  expect(chainOf("ECONNREFUSED", true)[2]).toContain("tedge-mapper-c8y");
  expect(chainOf("ECONNREFUSED", true)[2]).toContain("c8y.proxy.client.host and c8y.proxy.client.port");
});

test.each([
  ["ENOTFOUND", /http\.client\.host/],
  ["EHOSTUNREACH", /http\.client\.host/],
  ["timeout", /http\.client\.host/],
  ["SELF_SIGNED_CERT_IN_CHAIN", /http\.ca_path/],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", /http\.ca_path/],
  ["CERT_HAS_EXPIRED", /clock/],
  ["ERR_TLS_CERT_ALTNAME_INVALID", /http\.client\.host/],
  ["EPROTO", /http\.client\.auth\.cert_file/],
])("%s has a hint", (code, hint) => {
  expect(chainOf(code)[2]).toMatch(hint);
});

test("what explains itself has none", () => {
  for (const code of ["http-status", "io", "ECONNRESET"]) expect(chainOf(code)).toEqual(["top", "root"]);
});
