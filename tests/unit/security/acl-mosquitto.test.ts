import { expect, test } from "bun:test";
import { formatMosquittoAcl, isAclName, isAclText, type MosquittoAcl } from "../../../src/security/acl-mosquitto.ts";

const EMPTY: MosquittoAcl = { names: "user", sections: [], patterns: [], path: "/etc/mosquitto/x.acl" };

/** Without comments and empty lines. */
function effective(acl: Partial<MosquittoAcl>): readonly string[] {
  return formatMosquittoAcl({ ...EMPTY, ...acl })
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
}

test("each user has its rules behind its name, and several sections of one user are one", () => {
  const section = (user: string, filter: string) => ({
    title: "x",
    user,
    rules: [{ access: "write" as const, filter }],
  });
  expect(effective({ sections: [section("a", "te/1"), section("b b", "te/2///#"), section("a", "te/3")] })).toEqual([
    "user a",
    "topic write te/1",
    "topic write te/3",
    "user b b",
    "topic write te/2///#",
  ]);
});

test("patterns come last, where they count for all", () => {
  const sections = [{ title: "x", user: "a", rules: [] }];
  expect(effective({ sections, patterns: [{ access: "readwrite", filter: "te/%u/#" }] })).toEqual([
    "user a",
    "pattern readwrite te/%u/#",
  ]);
});

test("the comments say how to use it, as clients are told apart", () => {
  const byUser = formatMosquittoAcl(EMPTY);
  expect(byUser).toContain("#   acl_file /etc/mosquitto/x.acl\n");
  expect(byUser).toContain("password_file");
  expect(byUser).toContain("tedge config set mqtt.client.auth.username");
  const byCertificate = formatMosquittoAcl({ ...EMPTY, names: "certificate" });
  expect(byCertificate).toContain("use_identity_as_username true");
  expect(byCertificate).not.toContain("password_file");
});

test("a name cannot bring lines of its own", () => {
  for (const names of ["user", "certificate"] as const) {
    for (const name of ["valve", "a b", "ü", "#x"]) expect(isAclName(name, names)).toBe(true);
    for (const name of ["", " a", "a ", "a\nuser root", "a\rb", "a\0", "a\tb", "a\u2028b"]) {
      expect(isAclName(name, names)).toBe(false);
    }
  }
});

test("a user has no colon in its name, which mosquitto's password file does not take", () => {
  expect(isAclName("gw:1", "user")).toBe(false);
  expect(isAclName("gw:1", "certificate")).toBe(true);
});

test("an id cannot bring lines of its own", () => {
  expect(["device/a//", "a/ b/c/d", "gw:1///"].map(isAclText)).toEqual([true, true, true]);
  for (const id of ["device/a\nuser root//", "a\r///", "a\u2029///"]) expect(isAclText(id)).toBe(false);
});
